# What may write and receive, where a policy names it. Vault itself is one, for
# `vault read`: it sees what passes through it. It is also what asks people to hand on
# their shares when a policy or its people change, and once revoked can do so no more.
resource "stillvault_consumer" "vault" {
  name = "vault"
  kind = "mount"

  depends_on = [stillvault_organization.this]

  lifecycle {
    prevent_destroy = true
  }
}

# A host has a key of its own and reads end to end.
resource "stillvault_consumer" "hosts" {
  for_each = var.host_keys

  name        = each.key
  signing_key = each.value

  depends_on = [stillvault_organization.this]
}

# This configuration, which writes the secret in secrets.tf.
resource "stillvault_consumer" "terraform" {
  name        = "terraform"
  kind        = "terraform"
  signing_key = var.terraform_key

  depends_on = [stillvault_organization.this]
}
