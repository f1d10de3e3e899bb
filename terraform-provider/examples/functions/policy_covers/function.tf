# Every database has its policy, or the plan says so.
check "databases" {
  assert {
    condition     = alltrue([for path in var.databases : provider::stillvault::policy_covers(stillvault_policy.production, path)])
    error_message = "The policy of production does not cover every database."
  }
}

variable "databases" {
  type    = set(string)
  default = ["prod/db", "prod/reports"]
}

resource "stillvault_policy" "production" {
  name = "production"
  path = "prod/*"

  requirement {
    m         = 1
    approvers = [data.stillvault_roster.everyone.approvers["alice"].id]
  }
}

data "stillvault_roster" "everyone" {}

# true: '+' is one segment, '*' all that remain.
# In a .tftest.hcl of OpenTofu 1.12, which crashes where an assert calls a function of a
# provider, assert on such an output.
output "covers" {
  value = provider::stillvault::policy_covers("+/db", "prod/db")
}

terraform {
  required_providers {
    stillvault = { source = "stillvault/stillvault" }
  }
}
