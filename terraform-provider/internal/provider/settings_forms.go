package provider

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	vault "github.com/hashicorp/vault/api"

	"github.com/stillvault/stillvault/core/envelope"
	"github.com/stillvault/stillvault/core/roster"
	"github.com/stillvault/stillvault/plugins/broker"
	"github.com/stillvault/stillvault/plugins/signer"
)

// forms refuses what could not be used later, in the middle of an apply, as far as
// that shows without opening anything.
func (s *settings) forms(address string, diags *diag.Diagnostics) {
	if err := broker.CheckAddress(or(s.Address, vault.EnvVaultAddress)); err != nil {
		diags.AddAttributeError(path.Root("address"), "Not an address of Vault", err.Error())
	}
	if address != "" {
		if _, err := signer.ParseAddress(address); err != nil {
			diags.AddAttributeError(path.Root("signer"), "Not a signer's address", err.Error())
		}
	}
	if text := or(s.MountID, mountIDVariable); text != "" {
		if _, err := parseMountID(text); err != nil {
			diags.AddAttributeError(path.Root("mount_id"), "Not a mount's id", err.Error())
		}
	}
	if file := or(s.ConsumerKeyFile, consumerKeyFileVariable); file != "" {
		if _, err := os.Stat(file); err != nil {
			diags.AddAttributeError(path.Root("consumer_key_file"), "No consumer key there",
				fmt.Sprintf("%s; make one with `stillvault consumer keygen`, or leave consumer_key_file and %s out where no secret is read or written.", err, consumerKeyFileVariable))
		}
	}
}

// parseMountID reads a mount's id.
func parseMountID(text string) (envelope.ID, error) {
	id, err := envelope.ParseID(text)
	if err != nil {
		return id, fmt.Errorf("%q is no UUID in lower case: give the mount's own id, as stillvault_mount has it, the mount's stillvault_consumer, or `vault read MOUNT/mount`", text)
	}
	return id, nil
}

// parseHead reads SEQ:HASH.
func parseHead(text string) (roster.Head, error) {
	number, hash, _ := strings.Cut(text, ":")
	seq, err := strconv.ParseUint(number, 10, 64)
	if err != nil {
		return roster.Head{}, fmt.Errorf("a head is SEQ:HASH, a statement's number and its hash, as `stillvault org show` prints them: %q is no number", number)
	}
	h, err := envelope.ParseHash(hash)
	if err != nil {
		return roster.Head{}, fmt.Errorf("a head is SEQ:HASH, a statement's number and its hash, as `stillvault org show` prints them: %s", noHash(hash))
	}
	if h.IsZero() {
		return roster.Head{}, errors.New("a head is SEQ:HASH, and no statement's hash is zero")
	}
	return roster.Head{Seq: seq, Hash: h}, nil
}

// noHash says what a text lacks that is no hash.
func noHash(text string) string {
	if len(text) != 2*envelope.HashSize {
		return fmt.Sprintf("%.80q has %d characters, and wanted are %d hexadecimal digits", text, len(text), 2*envelope.HashSize)
	}
	return fmt.Sprintf("%q is not hexadecimal digits in lower case", text)
}
