package archtest

import (
	"fmt"
	"go/ast"
	"go/token"
	"io/fs"
	"strings"
	"testing"
	"unicode"
)

func TestDocComments(t *testing.T) { hold(t, docComments) }

// docComments wants a comment that starts with the name on what other packages
// can name. A constant or variable in a group may lean on the group's comment.
func docComments(tree fs.FS) []string {
	var problems []string
	return append(parsed(tree, goFiles(tree, isProduction), func(name string, set *token.FileSet, f *ast.File) {
		if f.Name.Name == "main" {
			return
		}
		want := func(id *ast.Ident, doc *ast.CommentGroup) {
			rest, ok := strings.CutPrefix(doc.Text(), id.Name)
			if id.IsExported() && (!ok || strings.IndexFunc(rest, wordRune) == 0) {
				problems = append(problems, fmt.Sprintf("%s:%d: %s needs a comment that starts with its name and says what it is",
					name, set.Position(id.Pos()).Line, id.Name))
			}
		}
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if d.Recv == nil || receiver(d).IsExported() {
					want(d.Name, d.Doc)
				}
			case *ast.GenDecl:
				documented(d, want)
			}
		}
	}), problems...)
}

func wordRune(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// documented asks for the comments of one declaration.
func documented(d *ast.GenDecl, want func(*ast.Ident, *ast.CommentGroup)) {
	for _, s := range d.Specs {
		switch s := s.(type) {
		case *ast.TypeSpec:
			want(s.Name, either(s.Doc, d))
		case *ast.ValueSpec:
			for _, id := range s.Names {
				if !d.Lparen.IsValid() || (d.Doc == nil && s.Comment == nil) {
					want(id, either(s.Doc, d))
				}
			}
		}
	}
}

// either is a spec's own comment, or its declaration's where it stands alone.
func either(own *ast.CommentGroup, d *ast.GenDecl) *ast.CommentGroup {
	if own == nil && !d.Lparen.IsValid() {
		return d.Doc
	}
	return own
}

// receiver is the type that a method belongs to.
func receiver(d *ast.FuncDecl) *ast.Ident {
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.Ident:
			return x
		default:
			return ast.NewIdent("_")
		}
	}
}

func TestDocCommentsProved(t *testing.T) {
	prove(t, docComments, []broken{
		{name: "OK", files: map[string]string{
			"a/a.go": `package a

// A is one.
type A[T any] struct{}

// B, when called, does.
func (a *A[T]) B() {}

// Kinds of things.
const (
	C = 1
	D = 2
)

const (
	// E is a letter.
	E = 1
	F = 2 // the next
)

type g struct{}

func (g) String() string { return "" }
`,
			"cmd/b/b.go": "package main\nfunc A() {}", "a/a_test.go": "package a\nfunc TestX() {}",
		}},
		{
			name: "Err", files: map[string]string{"a/a.go": `package a

// As one.
type A struct{}

func (a A) B() {}

const C = 1

var (
	D = 1
)

type (
	// One.
	E int
)

// Does.
func F() {}
`},
			want: []string{
				"a/a.go:4: A needs a comment that starts with its name and says what it is",
				"a/a.go:6: B needs a comment that starts with its name and says what it is",
				"a/a.go:8: C needs a comment that starts with its name and says what it is",
				"a/a.go:11: D needs a comment that starts with its name and says what it is",
				"a/a.go:16: E needs a comment that starts with its name and says what it is",
				"a/a.go:20: F needs a comment that starts with its name and says what it is",
			},
		},
	})
}
