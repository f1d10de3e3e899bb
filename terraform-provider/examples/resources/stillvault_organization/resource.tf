# `stillvault org recovery-keygen` makes the recovery key, on a machine that may be
# offline, and prints this half of it.
resource "stillvault_organization" "this" {
  recovery_public_key = "qNvlhLSQwVlFvfMNLFUTDvzRzaYJu0f9TSu31mxNlyo"
}
