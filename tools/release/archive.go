package main

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"time"
)

// packed is when every file of every archive says it was made, so that an
// archive depends on nothing but what is in it.
var packed = time.Date(2020, time.January, 1, 0, 0, 0, 0, time.UTC)

// A content is a file that goes into an archive.
type content struct {
	name string // in the archive
	path string
	mode os.FileMode
}

// pack writes a zip archive of the contents, in their order.
func pack(path string, contents []content) (err error) {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if closing := file.Close(); err == nil {
			err = closing
		}
	}()
	archive := zip.NewWriter(file)
	for _, c := range contents {
		if err := c.writeTo(archive); err != nil {
			return fmt.Errorf("pack %s: %w", c.name, err)
		}
	}
	return archive.Close()
}

func (c content) writeTo(archive *zip.Writer) error {
	header := &zip.FileHeader{Name: c.name, Method: zip.Deflate, Modified: packed}
	header.SetMode(c.mode)
	to, err := archive.CreateHeader(header)
	if err != nil {
		return err
	}
	from, err := os.Open(c.path)
	if err != nil {
		return err
	}
	defer from.Close()
	_, err = io.Copy(to, from)
	return err
}
