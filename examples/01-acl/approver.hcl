# For a person who approves on a terminal: the first `stillvault approve` on a
# machine reads the log and which mount this is. Later ones need no token.
path "stillvault/org/log" { capabilities = ["read"] }
path "stillvault/mount"   { capabilities = ["read"] }
