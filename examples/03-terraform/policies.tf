# Any one of those on call releases what the applications of a team share, to
# hosts and to `vault read`.
resource "stillvault_policy" "team" {
  name      = "team"
  path      = "team/*"
  authors   = [stillvault_consumer.vault.id]
  consumers = concat([stillvault_consumer.vault.id], [for host in stillvault_consumer.hosts : host.id])

  requirement {
    m      = 1
    groups = [stillvault_group.oncall.id]
  }
}

# Production takes two, and the plaintext never passes through Vault.
resource "stillvault_policy" "production" {
  name        = "production"
  path        = "prod/*"
  request_ttl = "10m"
  authors     = [stillvault_consumer.terraform.id]
  consumers   = [for host in stillvault_consumer.hosts : host.id]

  requirement {
    m      = 2
    groups = [stillvault_group.dba.id]
  }
}
