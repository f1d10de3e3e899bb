package endtoend

import (
	"bytes"
	"flag"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/page"
)

var screensDir = flag.String("screens", "", "write a screenshot of every screen into this directory")

// TestScreenshots is no test: `make screenshots` runs it to write pictures.
func TestScreenshots(t *testing.T) {
	if *screensDir == "" {
		t.Skip("writes pictures, where -screens says so")
	}
	fatal(t, os.MkdirAll(*screensDir, 0o755))
	p := newPhone(t, phoneOptions{unwatched: true})
	for _, name := range openGallery(t, p) {
		p.show(name)
		for _, dark := range []bool{false, true} {
			p.setDark(dark)
			get[bool](p, `new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))`)
			shot, err := ask(p, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: "png"})
			fatal(t, err)
			small, err := smaller(shot.Data)
			fatal(t, err)
			fatal(t, os.WriteFile(filepath.Join(*screensDir, name+"-"+scheme(dark)+".png"), small, 0o644))
		}
	}
}

// smaller writes a picture with its 256 most frequent colours alone, which is
// plenty for a screen and a fraction of the size.
func smaller(picture []byte) ([]byte, error) {
	from, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return nil, err
	}
	bounds := from.Bounds()
	count := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[color.RGBAModel.Convert(from.At(x, y)).(color.RGBA)]++
		}
	}
	colours := make([]color.RGBA, 0, len(count))
	for c := range count {
		colours = append(colours, c)
	}
	slices.SortFunc(colours, func(a, b color.RGBA) int {
		if n := count[b] - count[a]; n != 0 {
			return n
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - int(b.R)<<16 - int(b.G)<<8 - int(b.B)
	})
	palette := color.Palette{}
	for _, c := range colours[:min(len(colours), 256)] {
		palette = append(palette, c)
	}
	to := image.NewPaletted(bounds, palette)
	draw.Draw(to, bounds, from, bounds.Min, draw.Src)
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, to)
	return out.Bytes(), err
}
