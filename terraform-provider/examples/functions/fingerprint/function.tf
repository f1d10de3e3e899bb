# Read out to whoever opens an invitation, whose phone shows the same words.
output "organization_in_words" {
  value = provider::stillvault::fingerprint("3f1c0b7a9d5e2c4488a1e6f07b3d9c5524e8a6b1f0c7d3924b5a6e8f1d2c3b4a")
}

terraform {
  required_providers {
    stillvault = { source = "stillvault/stillvault" }
  }
}
