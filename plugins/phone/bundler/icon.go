package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// icons are the sizes in pixels that home screens ask for.
var icons = map[string]int{"icon-192.png": 192, "icon-512.png": 512, "apple-touch-icon.png": 180}

// The mark, as in the app's icon.svg, on a square of 512: a closed ring, and still
// water in it. It keeps within the circle of 80 % that home screens cut to.
const (
	side   = 512.0
	centre = side / 2
	radius = 160.0
	stroke = 30.0
	water  = 124.0 // its radius: a gap is left to the ring
	level  = 268.0
)

var (
	ground = color.RGBA{0x0a, 0x11, 0x18, 0xff}
	mark   = color.RGBA{0x6a, 0xd8, 0xb7, 0xff}
)

// drawIcon draws the mark on its ground. Home screens want a square that is
// opaque, and round its corners themselves.
func drawIcon(size int) ([]byte, error) {
	picture := image.NewRGBA(image.Rect(0, 0, size, size))
	pixel := side / float64(size)
	for row := range size {
		for column := range size {
			x, y := (float64(column)+0.5)*pixel, (float64(row)+0.5)*pixel
			picture.SetRGBA(column, row, blend(cover(x, y, pixel)))
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, picture); err != nil {
		return nil, fmt.Errorf("draw the icon of %d pixels: %w", size, err)
	}
	return out.Bytes(), nil
}

// cover is how much of the pixel around a point the mark covers, from 0 to 1.
func cover(x, y, pixel float64) float64 {
	away := math.Hypot(x-centre, y-centre)
	ring := math.Abs(away-radius) - stroke/2
	below := max(away-water, level-y)
	return max(0, min(1, 0.5-min(ring, below)/pixel))
}

// blend rounds to whole steps, so that every machine draws the same bytes.
func blend(cover float64) color.RGBA {
	step := func(from, to uint8) uint8 {
		return uint8(math.Round(float64(from) + float64(math.Round(cover*64)/64)*(float64(to)-float64(from))))
	}
	return color.RGBA{step(ground.R, mark.R), step(ground.G, mark.G), step(ground.B, mark.B), 0xff}
}
