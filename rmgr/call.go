package rmgr

import (
	"context"
	"fmt"
	"path"
	"runtime"
	"strings"
)

// Call calls f.Call. A row that is not what f declares is an *Error (42804) and ends it. A panic in the
// module's code becomes an *Error (XX000) that says where it happened, and the caller goes on: pages
// change in Emit only, which is whole or not at all. While emitting is true a panic is left alone: it is
// the engine's own and must not be hidden.
func Call(ctx context.Context, f *Function, s Session, args []any, row func(...any) error, emitting *bool) (err error) {
	defer func() {
		if *emitting {
			return
		}
		if p := recover(); p != nil {
			err = &Error{Code: "XX000", Message: fmt.Sprintf("function %s panicked: %v", f.Name, p), Detail: origin(),
				Hint: "This is a bug in the module that has the function."}
		}
	}()
	checked := results{f: f, give: row}
	if err := f.Call(ctx, s, args, checked.row); err != nil {
		return err
	}
	return checked.err
}

// origin is where the panic that is being recovered happened.
func origin() string {
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	panicking := false
	for {
		f, more := frames.Next()
		switch inRuntime := strings.HasPrefix(f.Function, "runtime."); {
		case inRuntime:
			panicking = panicking || f.Function == "runtime.gopanic"
		case panicking:
			return fmt.Sprintf("It happened in %s, %s:%d.", f.Function, path.Base(f.File), f.Line)
		}
		if !more {
			return ""
		}
	}
}
