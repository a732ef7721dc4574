package hunt

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/taskroot/taskroot/queries"
)

// Definitions are the hunts of a library, in the order of their names.
func Definitions(lib *queries.Library) ([]Definition, error) {
	var out []Definition
	for _, name := range lib.Names("hunt") {
		st, err := lib.Statement(name)
		if err != nil {
			return nil, err
		}
		every, err := time.ParseDuration(st.Hunt.Every)
		window, err2 := time.ParseDuration(st.Hunt.Window)
		if err = errors.Join(err, err2); err != nil {
			return nil, fmt.Errorf("%s.cypher: every or window is no duration: %w", name, err)
		}
		d := Definition{
			Name: st.Hunt.Name, Summary: st.Summary, Label: st.Hunt.Label, Attack: st.Hunt.Attack,
			Every: every, Window: window, Scorer: st.Hunt.Scorer, Version: version(st.Text),
		}
		for _, p := range st.Params {
			d.Params = append(d.Params, Param{Name: p.Name, Type: p.Type, Default: p.Default, Help: p.Doc})
		}
		out = append(out, d)
	}
	return out, nil
}

// version tells one text of a query from another.
func version(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}
