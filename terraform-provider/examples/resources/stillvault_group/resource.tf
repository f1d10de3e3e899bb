resource "stillvault_group" "oncall" {
  name      = "oncall"
  approvers = [stillvault_approver.erin.id]
  groups    = [stillvault_group.sre.id] # whose members are members here, too
}

resource "stillvault_group" "sre" {
  name      = "sre"
  approvers = [stillvault_approver.carol.id, stillvault_approver.dave.id]
}

resource "stillvault_approver" "carol" {
  name     = "carol"
  entities = []
}

resource "stillvault_approver" "dave" {
  name     = "dave"
  entities = []
}

resource "stillvault_approver" "erin" {
  name     = "erin"
  entities = []
}
