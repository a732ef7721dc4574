package queries

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/taskroot/taskroot/internal/graphdb"
)

var rawType = reflect.TypeFor[json.RawMessage]()

// scan puts a row's columns into the fields of their JSON names.
func scan[R any](row graphdb.Row) (R, error) {
	var out R
	columns := make(map[string]any, len(row.Keys))
	for i, key := range row.Keys {
		columns[key] = row.Values[i]
	}
	v := reflect.ValueOf(&out).Elem()
	for i := range v.NumField() {
		if name := jsonName(v.Type().Field(i)); !slices.Contains(row.Keys, name) {
			return out, fmt.Errorf("the database gave no column %s", name)
		}
	}
	err := fill(v, columns)
	return out, err
}

// jsonName is a field's name in JSON.
func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// fill sets v to x, which the driver gave. A null leaves the zero value, but
// for lists, which are never nil.
func fill(v reflect.Value, x any) error {
	if x == nil {
		if v.Kind() == reflect.Slice && v.Type() != rawType {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		return nil
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		return fill(v.Elem(), x)
	}
	switch x := x.(type) {
	case time.Time:
		if v.Type() == timeType {
			v.Set(reflect.ValueOf(x.UTC()))
			return nil
		}
	case string:
		if v.Type() == rawType {
			if !json.Valid([]byte(x)) {
				return fmt.Errorf("%q is not JSON", x)
			}
			v.SetBytes([]byte(x))
			return nil
		}
	case []any:
		return fillList(v, x)
	case map[string]any:
		return fillStruct(v, x)
	case int64:
		if v.Kind() == reflect.Float64 {
			v.SetFloat(float64(x))
			return nil
		}
	}
	value := reflect.ValueOf(x)
	if !value.Type().AssignableTo(v.Type()) {
		return fmt.Errorf("the database gave %T for %s", x, v.Type())
	}
	v.Set(value)
	return nil
}

func fillList(v reflect.Value, list []any) error {
	if v.Kind() != reflect.Slice {
		return fmt.Errorf("the database gave a list for %s", v.Type())
	}
	out := reflect.MakeSlice(v.Type(), len(list), len(list))
	for i, x := range list {
		if err := fill(out.Index(i), x); err != nil {
			return fmt.Errorf("[%d]: %w", i, err)
		}
	}
	v.Set(out)
	return nil
}

func fillStruct(v reflect.Value, columns map[string]any) error {
	if v.Kind() != reflect.Struct {
		return fmt.Errorf("the database gave a map for %s", v.Type())
	}
	for i := range v.NumField() {
		name := jsonName(v.Type().Field(i))
		x, ok := columns[name]
		if !ok && strings.Contains(v.Type().Field(i).Tag.Get("json"), ",omitempty") {
			continue // a member that a map may lack, such as the PID of a task
		}
		if !ok {
			return fmt.Errorf("the database gave no %s", name)
		}
		if err := fill(v.Field(i), x); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	return nil
}

// checkRow holds the header's columns and the fields of the row together. A
// PATH is for the Browser and has no field.
func (f *Find) checkRow() error {
	var errs []error
	fields := map[string]reflect.Type{}
	for i := range f.RowType.NumField() {
		fields[jsonName(f.RowType.Field(i))] = f.RowType.Field(i).Type
	}
	for _, c := range f.statement.Returns {
		t, ok := fields[c.Name]
		delete(fields, c.Name)
		switch {
		case c.Type == "PATH" && !ok:
		case !ok:
			errs = append(errs, fmt.Errorf("column %s has no field in %s", c.Name, f.RowType))
		case !fits(c.Type, t):
			errs = append(errs, fmt.Errorf("column %s is %s in the header and %s in Go", c.Name, c.Type, t))
		}
	}
	for name := range fields {
		errs = append(errs, fmt.Errorf("%s has a field %s, which the header does not declare", f.RowType, name))
	}
	for _, column := range f.after {
		if !slices.ContainsFunc(f.statement.Returns, func(c Column) bool { return c.Name == column }) {
			errs = append(errs, fmt.Errorf("parameter %s continues after a column that is not returned", afterName(column)))
		}
	}
	return errors.Join(errs...)
}

func fits(cypher string, t reflect.Type) bool {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch cypher {
	case "STRING":
		return t.Kind() == reflect.String
	case "INTEGER":
		return t.Kind() == reflect.Int64
	case "FLOAT":
		return t.Kind() == reflect.Float64
	case "BOOLEAN":
		return t.Kind() == reflect.Bool
	case "ZONED DATETIME":
		return t == timeType
	case "MAP":
		return t.Kind() == reflect.Struct && t != timeType
	case "LIST<STRING>":
		return t.Kind() == reflect.Slice && (t.Elem().Kind() == reflect.String || t.Elem() == rawType)
	case "LIST<MAP>":
		return t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
	}
	return false
}
