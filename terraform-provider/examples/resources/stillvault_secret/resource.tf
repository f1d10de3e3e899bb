variable "database_password" {
  type      = string
  ephemeral = true # in no state and no plan
}

resource "stillvault_secret" "database" {
  path = "prod/db"

  value_wo = jsonencode({
    username = "app"
    password = var.database_password
  })
  value_wo_version = 1 # another number writes value_wo again
}

# Where somebody else rotates the value, their versions are left alone.
resource "stillvault_secret" "rotated" {
  path             = "prod/api-key"
  value_wo         = jsonencode({ key = "replaced on the first rotation" })
  value_wo_version = 1

  lifecycle {
    ignore_changes = [value_wo_version]
  }
}
