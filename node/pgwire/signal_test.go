package pgwire_test

import "os"

// interruptSignal is what Control-C sends.
var interruptSignal = os.Interrupt
