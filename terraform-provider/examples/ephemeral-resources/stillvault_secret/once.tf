# Asked once for each run that has something to do: the path is not known before
# the apply has replaced this, so that the plan does not open the secret. Every plan
# shows the replacement.
resource "terraform_data" "path" {
  input            = "prod/db"
  triggers_replace = timestamp()
}

ephemeral "stillvault_secret" "once" {
  path = terraform_data.path.output
}
