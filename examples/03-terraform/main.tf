terraform {
  required_version = ">= 1.11"

  required_providers {
    stillvault = {
      source  = "stillvault/stillvault"
      version = "~> 0.1"
    }
  }
}

# The rest comes from the environment, because none of it belongs into a
# repository: VAULT_ADDR and VAULT_TOKEN, STILLVAULT_SIGNER, which says where the
# Org Identity key is, and STILLVAULT_CONSUMER_KEY_FILE.
provider "stillvault" {
  organization = var.organization
}

# The first apply founds it. What follows is signed by its key, here, and Vault
# keeps what it could not have made.
resource "stillvault_organization" "this" {
  recovery_public_key = var.recovery_public_key

  lifecycle {
    prevent_destroy = true
  }
}
