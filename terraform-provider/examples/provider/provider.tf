terraform {
  required_version = ">= 1.11"
  required_providers {
    stillvault = {
      source = "stillvault/stillvault"
    }
  }
}

# Vault's address and token come from VAULT_ADDR and VAULT_TOKEN, as for Vault's
# own provider.
provider "stillvault" {
  # Signs what this configuration changes. The key stays where it is: here in the
  # Transit engine of another Vault.
  signer = "transit:org-identity?address=https://signing-vault.example:8200&version=1"

  # Which organisation this is: what `stillvault org show` prints.
  organization = "3f1c8d2a5b7e90416c2d8f3a1b5e7c904f6a8b2d1c3e5f708192a3b4c5d6e7f8"
}

# Two of these people release what lies under prod/.
resource "stillvault_policy" "production" {
  name = "production"
  path = "prod/*"

  requirement {
    m      = 2
    groups = [stillvault_group.sre.id]
  }

  authors   = [stillvault_consumer.ci.id]
  consumers = [stillvault_consumer.ci.id]
}

resource "stillvault_group" "sre" {
  name      = "sre"
  approvers = [for who in stillvault_approver.sre : who.id]
}

# Each read out the eight words that their own device showed.
resource "stillvault_approver" "sre" {
  for_each    = var.sre
  name        = each.key
  fingerprint = each.value.words
  entities    = [each.value.entity]
}

variable "sre" {
  type = map(object({
    words  = string
    entity = string
  }))
}

resource "stillvault_consumer" "ci" {
  name        = "ci"
  kind        = "ci"
  signing_key = "MWSpEWa65jHKCpL7gpMuu3hIFCByLktbo7XhUmNz5T8"
}
