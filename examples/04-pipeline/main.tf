terraform {
  required_version = ">= 1.11"

  required_providers {
    stillvault = {
      source  = "stillvault/stillvault"
      version = "~> 0.1"
    }
  }
}

# Nothing is set here: a runner gets it all from its environment, and remembers
# nothing from one run to the next. See README.md for what each variable pins.
provider "stillvault" {}

variable "release" {
  description = "What is released, as approvers are shown it."
  type        = string
}

variable "run" {
  description = "Where to look at the run that asks, such as its address. No two runs have the same."
  type        = string
}

# The secret's people are asked when it is opened, and Terraform opens it wherever its
# configuration is known: in the plan, and again in the apply. What the output below
# will be is not known in the plan of a new run, so that they are asked once.
resource "terraform_data" "run" {
  input = var.run
}

ephemeral "stillvault_secret" "database" {
  path   = "releases/database"
  reason = "migrate the database for ${var.release}, ${terraform_data.run.output}"
  lease  = "10m"
}

resource "terraform_data" "migration" {
  triggers_replace = var.release

  provisioner "local-exec" {
    command = "./migrate.sh"
    environment = {
      PGUSER     = ephemeral.stillvault_secret.database.data["username"]
      PGPASSWORD = ephemeral.stillvault_secret.database.data["password"]
    }
  }
}
