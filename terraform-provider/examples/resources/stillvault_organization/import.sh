# By its id, or "this" for the one that the provider's settings pin.
terraform import stillvault_organization.this this
