package desk

type abandonArgs struct {
	// Link says whether the link, where it was not answered yet, stays.
	Link bool `json:"link"`
}

// abandon gives up an enrolment that nobody has admitted: everything that was made
// for it is forgotten. An admitted device is signed out of instead.
func (d *Desk) abandon(a abandonArgs) (*Stage, error) {
	if d.stage() == StageReady {
		return nil, ErrEnrolled
	}
	link, linked := d.kept.entries[keyLink]
	for _, key := range d.kept.below("") {
		d.kept.drop(key)
	}
	changes, entries := d.kept.changes, map[string]string{}
	if a.Link && linked {
		entries[keyLink] = link
		delete(changes, keyLink)
	}
	d.reset(entries)
	d.kept.changes = changes
	if err := d.openInvite(); err != nil {
		return nil, err
	}
	return &Stage{Stage: d.stage()}, nil
}
