variable "organization" {
  description = "Id of the organisation, once there is one: a log of any other is refused. Null before."
  type        = string
  default     = null
}

variable "recovery_public_key" {
  description = "What `stillvault org recovery-keygen` printed."
  type        = string
}

variable "people" {
  description = "Approvers, by name: the Vault entities that are the same person, the words of their device once they read them out, and their teams."
  type = map(object({
    entities    = set(string)
    fingerprint = optional(string)
    teams       = set(string)
  }))
}

variable "host_keys" {
  description = "Hosts that read end to end, by name: what `stillvault consumer keygen` printed there."
  type        = map(string)
}

variable "terraform_key" {
  description = "The same for whoever applies this configuration."
  type        = string
}

variable "database_password" {
  description = "Looked at only when value_wo_version changes, and kept nowhere."
  type        = string
  ephemeral   = true
}
