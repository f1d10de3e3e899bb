# `stillvault consumer keygen web-1`, run on web-1, prints this half of its key.
resource "stillvault_consumer" "web" {
  name        = "web-1"
  signing_key = "MWSpEWa65jHKCpL7gpMuu3hIFCByLktbo7XhUmNz5T8"
}

# The mount itself, which asks people to re-share and, where a policy names it, is
# `vault read`: the plan shows the key that is admitted. Once revoked, it is no
# consumer again.
resource "stillvault_consumer" "vault" {
  name = "vault"
  kind = "mount"
}
