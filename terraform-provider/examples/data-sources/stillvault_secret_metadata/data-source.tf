data "stillvault_secret_metadata" "database" {
  path = "prod/db"
}

check "database_credential" {
  assert {
    condition     = alltrue([for v in data.stillvault_secret_metadata.database.versions : !v.rotate && !v.exposed if v.version == data.stillvault_secret_metadata.database.version])
    error_message = "Somebody may know the password of prod/db who should not: change it."
  }
}
