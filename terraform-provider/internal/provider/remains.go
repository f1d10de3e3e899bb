package provider

import (
	"context"
	"fmt"
	"strconv"

	"github.com/stillvault/stillvault/plugins/broker"
)

// remains says which of some secrets are deleted and can be undeleted, which is what
// destroying a stillvault_secret leaves by default, and what ends them: nothing else
// that can be done about secrets helps there. "" where there are none, or that cannot
// be found out.
func (s *session) remains(ctx context.Context, paths []string) string {
	var deleted []string
	for _, path := range paths[:min(len(paths), maxListed)] {
		if m, err := s.broker.ReadMetadata(ctx, path); err == nil && isDeleted(m) {
			deleted = append(deleted, path)
		}
	}
	if len(deleted) == 0 {
		return ""
	}
	return fmt.Sprintf(". Deleted, and counted since that can be undone: %s. Only removing such for good helps: `remove_on_destroy = true`, applied before the secret is destroyed; where it is destroyed already, `vault delete %s/metadata/PATH`",
		listed(deleted), s.broker.Mount())
}

// isDeleted says whether a secret's latest version is deleted, and can be undeleted.
func isDeleted(m *broker.Metadata) bool {
	latest := m.Versions[strconv.FormatUint(m.Current, 10)]
	return latest.Deletion != "" && !latest.Destroyed
}
