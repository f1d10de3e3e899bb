ephemeral "stillvault_secret" "database" {
  path   = "prod/db"
  reason = "terraform apply of the billing service, change 4711"
  lease  = "10m"
}

# The value goes where no state keeps it: into another provider's configuration, or
# into a write-only argument.
resource "stillvault_secret" "copy" {
  path             = "staging/db"
  value_wo         = ephemeral.stillvault_secret.database.value
  value_wo_version = 1
}
