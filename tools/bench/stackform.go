package main

import (
	"fmt"
	"strings"

	"github.com/stillvault/stillvault/core/envelope"
)

// bareStack has n of the resources that are built in, with nothing to hold.
func bareStack(n int) string {
	return fmt.Sprintf("resource \"terraform_data\" \"it\" {\n  count = %d\n  input = \"p${count.index}\"\n}\n", n)
}

// dataStack has n of them that hold what policyStack says, in the same types.
func dataStack(n int, people []envelope.ID, consumer envelope.ID) string {
	return fmt.Sprintf(`resource "terraform_data" "it" {
  count = %d
  input = {
    name = "p${count.index}"
    path = "team-${count.index}/*"
    requirement = [{
      name      = "sre"
      m         = 2
      approvers = toset([%s])
      groups    = toset([])
    }]
    break_glass      = null
    authors          = toset([%[3]q])
    consumers        = toset([%[3]q])
    refused_factors  = toset([])
    lease_ttl        = "15m"
    lease_max        = "1h"
    request_ttl      = "5m"
    self_approval    = false
    minimum_coverage = 1
    match_code       = false
    consent_first    = false
  }
}
`, n, quoted(people), consumer)
}

func quoted(ids []envelope.ID) string {
	var all []string
	for _, id := range ids {
		all = append(all, fmt.Sprintf("%q", id))
	}
	return strings.Join(all, ", ")
}

// policyStack has n policies of one requirement.
func policyStack(n int, people []envelope.ID, consumer envelope.ID) string {
	return fmt.Sprintf(`terraform {
  required_providers {
    stillvault = { source = "stillvault/stillvault" }
  }
}

resource "stillvault_policy" "it" {
  count = %d
  name  = "p${count.index}"
  path  = "team-${count.index}/*"

  requirement {
    name      = "sre"
    m         = 2
    approvers = [%s]
  }

  authors   = [%[3]q]
  consumers = [%[3]q]
}
`, n, quoted(people), consumer)
}
