# A test that the rule for production stays one for its databases.
check "databases" {
  assert {
    condition     = provider::stillvault::policy_covers("prod/*", "prod/db")
    error_message = "The policy of production does not cover its databases."
  }
}

# true: '+' is one segment, '*' all that remain.
output "covers" {
  value = provider::stillvault::policy_covers("+/db", "prod/db")
}

terraform {
  required_providers {
    stillvault = { source = "stillvault/stillvault" }
  }
}
