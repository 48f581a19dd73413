package ledger

import (
	"context"
	"fmt"

	"github.com/redoubt-wal/redoubt/rmgr"
)

func functions() []rmgr.Function {
	id := ID
	account := rmgr.Column{Name: "account", Type: rmgr.Text}
	one := func(name string, t rmgr.Type) []rmgr.Column { return []rmgr.Column{{Name: name, Type: t}} }
	return []rmgr.Function{
		{Name: "ledger_open", Args: []rmgr.Column{account, {Name: "balance", Type: rmgr.Int8}}, Strict: true, Write: &id,
			Returns: one("ledger_open", rmgr.PgLSN), Call: callOpen},
		{Name: "ledger_transfer", Args: []rmgr.Column{{Name: "src", Type: rmgr.Text}, {Name: "dst", Type: rmgr.Text}, {Name: "amount", Type: rmgr.Int8}}, Strict: true, Write: &id,
			Returns: one("ledger_transfer", rmgr.PgLSN), Call: callTransfer},
		{Name: "ledger_balance", Args: []rmgr.Column{account}, Strict: true, ReadsOf: &id,
			Returns: one("ledger_balance", rmgr.Int8), Call: callBalance},
		{Name: "ledger_total", ReadsOf: &id,
			Returns: one("ledger_total", rmgr.Int8), Call: callTotal},
	}
}

func callOpen(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	f := open(s)
	defer f.close()
	lsn, err := f.openAccount(args[0].(string), args[1].(int64))
	if err != nil {
		return err
	}
	return row(lsn)
}

func callTransfer(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	f := open(s)
	defer f.close()
	lsn, err := f.transfer(args[0].(string), args[1].(string), args[2].(int64))
	if err != nil {
		return err
	}
	return row(lsn)
}

// callBalance gives NULL for an account that does not exist.
func callBalance(_ context.Context, s rmgr.Session, args []any, row func(...any) error) error {
	f := open(s)
	defer f.close()
	f.names[0] = append(f.names[0][:0], args[0].(string)...)
	if err := f.find(f.names[0]); err != nil {
		return err
	}
	if f.at.slot < 0 {
		return row(nil)
	}
	return row(f.at.balance)
}

// callTotal adds up all balances, page by page, and compares with the total that the meta page
// keeps: an answer from there alone would prove nothing.
func callTotal(ctx context.Context, s rmgr.Session, _ []any, row func(...any) error) error {
	f := open(s)
	defer f.close()
	if err := f.readMeta(); err != nil {
		return err
	}
	if f.empty {
		return row(int64(0))
	}
	var sum int64
	var accounts uint64
	see := func(_ *finder, page []byte) error {
		if kindOf(page) == kindDirectory {
			return directory(page).check()
		}
		b := bucket(page)
		if err := b.check(); err != nil {
			return err
		}
		for i := range b.count() {
			sum += b.slot(i).balance()
			accounts++
		}
		return nil
	}
	for block := uint32(rootBlock); block < f.pages; block++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := f.page(block, see); err != nil {
			return err
		}
	}
	if sum != f.total || accounts != f.accounts {
		return &rmgr.Error{Code: "XX001", Message: "the ledger does not add up",
			Detail: fmt.Sprintf("%d accounts hold %d; %d were opened with %d.", accounts, sum, f.accounts, f.total)}
	}
	return row(sum)
}
