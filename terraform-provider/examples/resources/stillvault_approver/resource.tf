# First apply: she is pending, and enroll_command makes her ticket.
# Second apply: with the words that her phone shows, she is admitted.
resource "stillvault_approver" "alice" {
  name        = "alice"
  entities    = ["6fb1a2c4-93d0-4d0e-8c1b-52a7f1d9e033"]
  fingerprint = "lusab babad gutih tugad zapos kivor domun faliz"
}

# Somebody who cannot log in to this Vault has no entity there.
resource "stillvault_approver" "bob" {
  name     = "bob"
  entities = []
}

output "invitations" {
  value = compact([
    stillvault_approver.alice.enroll_command,
    stillvault_approver.bob.enroll_command,
  ])
}
