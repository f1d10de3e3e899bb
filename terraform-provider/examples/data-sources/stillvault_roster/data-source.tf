data "stillvault_roster" "this" {}

# Names where policies want ids.
resource "stillvault_group" "oncall" {
  name      = "oncall"
  approvers = [for name in ["alice", "bob"] : data.stillvault_roster.this.approvers[name].id]
}

# For a run that keeps no state directory: export it as STILLVAULT_MINIMUM_HEAD.
output "minimum_head" {
  value = data.stillvault_roster.this.head
}
