output "organization" {
  description = "Pin this: in terraform.tfvars, on hosts, in CI."
  value       = stillvault_organization.this.id
}

output "enroll" {
  description = "A command for everybody who is invited and not admitted yet."
  value       = join("\n", [for person in stillvault_approver.people : person.enroll_command if person.status == "pending"])
}
