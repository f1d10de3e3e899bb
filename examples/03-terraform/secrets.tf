# Sealed to the people of the policy before it leaves this machine. Neither the
# state nor a plan has the value, and nothing remembers it: a new number says that
# there is a new one.
resource "stillvault_secret" "database" {
  path             = "prod/database"
  value_wo         = jsonencode({ username = "app", password = var.database_password })
  value_wo_version = 1

  depends_on = [stillvault_policy.production]
}
