package render

import "testing"

func TestColourAllowed(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"OK", map[string]string{"TERM": "xterm"}, true},
		{"NoColour", map[string]string{"NO_COLOR": "1"}, false},
		{"Dumb", map[string]string{"TERM": "dumb"}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := colourAllowed(func(k string) string { return c.env[k] }); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}
