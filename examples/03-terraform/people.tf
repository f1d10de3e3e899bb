# Who may approve. An entry without a fingerprint is an invitation; the words that
# the person reads out from their own device turn it into an approver.
resource "stillvault_approver" "people" {
  for_each = var.people

  name        = each.key
  entities    = each.value.entities
  fingerprint = each.value.fingerprint

  depends_on = [stillvault_organization.this]
}

locals {
  # Ids of those who were admitted, by team.
  team = {
    for team in toset(flatten([for person in var.people : person.teams])) : team => [
      for name, person in var.people : stillvault_approver.people[name].id
      if person.fingerprint != null && contains(person.teams, team)
    ]
  }
}

resource "stillvault_group" "dba" {
  name      = "dba"
  approvers = local.team["dba"]
}

# Members of a group in a group count, too.
resource "stillvault_group" "oncall" {
  name      = "oncall"
  approvers = local.team["oncall"]
  groups    = [stillvault_group.dba.id]
}
