data "stillvault_policy" "database" {
  effective_for = "prod/db"

  lifecycle {
    postcondition {
      condition     = self.covered
      error_message = "Nobody could write prod/db: ${self.coverage}"
    }
    postcondition {
      condition     = alltrue([for r in self.releases_to : r.kind != "mount"])
      error_message = "prod/db would pass through Vault in the clear."
    }
  }
}

output "who_may_release_the_database" {
  value = { for r in data.stillvault_policy.database.requirements : r.name => "${r.m} of ${join(", ", r.people)}" }
}
