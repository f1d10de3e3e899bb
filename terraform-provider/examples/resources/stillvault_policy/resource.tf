resource "stillvault_policy" "production" {
  name = "production"
  path = "prod/*"

  # Two of these, and one of those: three people, each of whom counts once. A
  # requirement of one group is called like it, unless it has a name of its own.
  requirement {
    m      = 2
    groups = [stillvault_group.sre.id]
  }
  requirement {
    name      = "security"
    m         = 1
    approvers = [stillvault_approver.carol.id, stillvault_approver.dave.id]
  }

  # When none of them can be reached: loudly, and with recovery keys.
  break_glass {
    m      = 2
    groups = [stillvault_group.directors.id]
  }

  authors         = [stillvault_consumer.ci.id]
  consumers       = [stillvault_consumer.web.id]
  refused_factors = ["software"]
  lease_ttl       = "10m"
  match_code      = true
}

resource "stillvault_group" "sre" {
  name = "sre"
}

resource "stillvault_group" "directors" {
  name = "directors"
}

resource "stillvault_approver" "carol" {
  name     = "carol"
  entities = []
}

resource "stillvault_approver" "dave" {
  name     = "dave"
  entities = []
}

resource "stillvault_consumer" "ci" {
  name        = "ci"
  kind        = "ci"
  signing_key = "MWSpEWa65jHKCpL7gpMuu3hIFCByLktbo7XhUmNz5T8"
}

resource "stillvault_consumer" "web" {
  name        = "web-1"
  signing_key = "qNvlhLSQwVlFvfMNLFUTDvzRzaYJu0f9TSu31mxNlyo"
}

# A more specific policy that somebody adds beside this one is no change of it: no
# plan shows it, and this check does.
data "stillvault_policy" "database" {
  effective_for = "prod/db"
  depends_on    = [stillvault_policy.production]
}

check "production_database" {
  assert {
    condition     = data.stillvault_policy.database.id == stillvault_policy.production.id
    error_message = "prod/db is under policy ${data.stillvault_policy.database.name}."
  }
}
