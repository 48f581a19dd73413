package config

import (
	"math"
	"slices"
	"strings"

	"github.com/redoubt-wal/redoubt/node/serverlog"
)

// maxMB bounds sizes of log, as in PostgreSQL.
const maxMB = math.MaxInt32

// list is every setting, by name. Names are an interface: they are never renamed or given another
// meaning.
var list = []Setting{
	{Name: "allow_experimental", Kind: Bool, Default: "off", Context: Restart, Short: "Allows modules that use the experimental resource manager ID 128."},
	{Name: "application_name", Kind: String, Default: "", Context: Session, Short: "Sets the application name to be reported in statistics and logs."},
	{Name: "authentication", Kind: Enum, Values: []string{"trust", "scram-sha-256"}, Default: "trust", Context: Reload, Short: "How clients that present no accepted certificate are authenticated."},
	{Name: "block_size", Kind: Int, Min: 8192, Max: 8192, Default: "8192", Context: Internal, Short: "Shows the size of a disk block."},
	{Name: "checkpoint_completion_target", Kind: Real, Min: 0, Max: 1, Default: "0.9", Context: Restart, Short: "Time spent flushing dirty buffers during checkpoint, as fraction of checkpoint interval."},
	{Name: "checkpoint_timeout", Kind: Int, Unit: Seconds, Min: 1, Max: 86400, Default: "5min", Context: Restart, Short: "Sets the maximum time between automatic checkpoints."},
	{Name: "client_encoding", Kind: String, Default: "UTF8", Context: Session, Check: oneOf("UTF8", "UTF-8", "SQL_ASCII"), Short: "Sets the client's character set encoding."},
	{Name: "client_min_messages", Kind: Enum, Values: []string{"debug5", "debug4", "debug3", "debug2", "debug1", "log", "notice", "warning", "error"}, Default: "notice", Context: Session, Short: "Sets the message levels that are sent to the client."},
	{Name: "cluster_name", Kind: String, Default: "", Context: Restart, Short: "Sets the name of the cluster."},
	{Name: "control_ca_file", Kind: String, Default: "", Context: Restart, Short: "Location of the certificate authority that signs the control API's clients."},
	{Name: "control_cert_file", Kind: String, Default: "", Context: Restart, Short: "Location of the control API's certificate; read again when it changes."},
	{Name: "control_client_name", Kind: String, Default: "redoubt-operator", Context: Restart, Short: "Common name of the client certificate that may use the control API."},
	{Name: "control_key_file", Kind: String, Default: "", Context: Restart, Short: "Location of the control API's private key; read again when it changes."},
	{Name: "control_listen", Kind: String, Default: "", Context: Restart, Short: "Address (host:port) of the control API; empty switches it off."},
	{Name: "data_checksums", Kind: Bool, Default: "on", Context: Internal, Short: "Shows whether data checksums are turned on for this cluster."},
	{Name: "data_directory", Kind: String, Default: "", Context: Internal, Short: "Shows the server's data directory."},
	{Name: "data_directory_mode", Kind: String, Default: "0700", Context: Internal, Short: "Shows the mode of the data directory."},
	{Name: "DateStyle", Kind: String, Default: "ISO, MDY", Context: Session, Check: isoDates, Short: "Sets the display format for date and time values."},
	{Name: "default_transaction_isolation", Kind: String, Default: "read committed", Context: Session, Check: oneOf("serializable", "repeatable read", "read committed", "read uncommitted"), Short: "Accepted for clients; one call is one atomic action."},
	{Name: "default_transaction_read_only", Kind: Bool, Default: "off", Context: Session, Short: "Sets the default read-only status of new transactions."},
	{Name: "extra_float_digits", Kind: Int, Min: -15, Max: 3, Default: "1", Context: Session, Short: "Accepted for clients; values are printed in their shortest exact form."},
	{Name: "full_page_writes", Kind: Bool, Default: "on", Context: Restart, Short: "Writes full pages to WAL when first modified after a checkpoint."},
	{Name: "health_listen", Kind: String, Default: "", Context: Restart, Short: "Address (host:port) of the probes and metrics, in plain HTTP; empty switches them off."},
	{Name: "hot_standby", Kind: Bool, Default: "on", Context: Internal, Short: "Shows that a standby answers reads."},
	{Name: "idle_in_transaction_session_timeout", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "0", Context: Session, Short: "Accepted for clients."},
	{Name: "instance_name", Kind: String, Default: "", Context: Restart, Short: "This node's name: what it reports and the application name of its replication connections."},
	{Name: "integer_datetimes", Kind: Bool, Default: "on", Context: Internal, Short: "Shows that timestamps are 64-bit integers."},
	{Name: "IntervalStyle", Kind: String, Default: "postgres", Context: Session, Check: oneOf("postgres", "postgres_verbose", "sql_standard", "iso_8601"), Short: "Accepted for clients."},
	{Name: "isolation_timeout", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "30s", Context: Reload, Short: "A managed primary without synchronous standbys refuses writes when it heard neither operator nor standby for this long; 0 never."},
	{Name: "listen_addresses", Kind: String, Default: "localhost", Context: Restart, Short: "Sets the host name or IP address(es) to listen to."},
	{Name: "lock_timeout", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "0", Context: Session, Short: "Accepted for clients."},
	{Name: "log_checkpoints", Kind: Bool, Default: "on", Context: Restart, Short: "Logs each checkpoint and restartpoint; off leaves them to log_min_messages = debug1."},
	{Name: "log_destination", Kind: Enum, Values: []string{"jsonlog", "stderr"}, Default: "jsonlog", Context: Restart, Short: "How the log on standard error looks: a JSON object a line, or PostgreSQL's text."},
	{Name: "log_line_prefix", Kind: String, Default: serverlog.DefaultPrefix, Context: Reload, Check: serverlog.CheckPrefix, Short: "Controls information prefixed to each log line when log_destination is stderr."},
	{Name: "log_min_messages", Kind: Enum, Values: []string{"debug5", "debug4", "debug3", "debug2", "debug1", "info", "notice", "warning", "error", "log", "fatal", "panic"}, Default: "info", Context: Reload, Short: "Sets the message levels that are logged."},
	{Name: "managed", Kind: Bool, Default: "off", Context: Restart, Short: "The node waits for an operator to say what it is to be."},
	{Name: "max_connections", Kind: Int, Min: 1, Max: 262143, Default: "100", Context: Restart, Short: "Sets the maximum number of concurrent connections."},
	{Name: "max_replication_slots", Kind: Int, Min: 0, Max: 262143, Default: "32", Context: Restart, Short: "Sets the maximum number of simultaneously defined replication slots."},
	{Name: "max_redo_workers", Kind: Int, Min: 1, Max: 64, Default: "4", Context: Restart, Short: "Sets the maximum number of workers that replay the log at a start; there are no more than processors."},
	{Name: "max_slot_wal_keep_size", Kind: Int, Unit: Megabytes, Min: -1, Max: maxMB, Default: "-1", Context: Reload, Short: "Sets the maximum WAL size that can be reserved by replication slots; -1 is no limit."},
	{Name: "max_wal_senders", Kind: Int, Min: 0, Max: 262143, Default: "32", Context: Restart, Short: "Sets the maximum number of simultaneously running WAL sender processes."},
	{Name: "max_wal_size", Kind: Int, Unit: Megabytes, Min: 2, Max: maxMB, Default: "1GB", Context: Restart, Short: "Sets the WAL size that triggers a checkpoint."},
	{Name: "min_wal_size", Kind: Int, Unit: Megabytes, Min: 2, Max: maxMB, Default: "80MB", Context: Restart, Short: "Sets the minimum size to shrink the WAL to."},
	{Name: "port", Kind: Int, Min: 0, Max: 65535, Default: "5432", Context: Restart, Short: "Sets the TCP port the server listens on; 0 takes any free one."},
	{Name: "preload_modules", Kind: String, Default: "", Context: Restart, Check: moduleNames, Short: "Modules of this binary to load, separated by commas; * is all of them."},
	{Name: "primary_conninfo", Kind: String, Default: "", Context: Reload, Short: "Sets the connection string to be used to connect to the sending server."},
	{Name: "primary_slot_name", Kind: String, Default: "", Context: Reload, Check: slotName, Short: "Sets the name of the replication slot to use on the sending server."},
	{Name: "search_path", Kind: String, Default: `"$user", public`, Context: Session, Short: "Accepted for clients; there are no schemas to search."},
	{Name: "segment_size", Kind: Int, Unit: Blocks8kB, Min: 131072, Max: 131072, Default: "131072", Context: Internal, Short: "Shows the number of pages per disk file."},
	{Name: "server_encoding", Kind: String, Default: "UTF8", Context: Internal, Short: "Shows the server's character set encoding."},
	{Name: "server_version", Kind: String, Default: ServerVersion, Context: Internal, Short: "Shows the version of PostgreSQL whose protocol and log this server speaks."},
	{Name: "server_version_num", Kind: Int, Min: ServerVersionNum, Max: ServerVersionNum, Default: "150018", Context: Internal, Short: "Shows the same as a number."},
	{Name: "shared_buffers", Kind: Int, Unit: Blocks8kB, Min: 16, Max: math.MaxInt32 / 2, Default: "128MB", Context: Restart, Short: "Sets the memory used for pages."},
	{Name: "smart_shutdown_timeout", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "5s", Context: Reload, Short: "How long a stop at SIGTERM waits for clients to leave by themselves before it ends their sessions."},
	{Name: "ssl", Kind: Bool, Default: "off", Context: Restart, Short: "Enables SSL connections."},
	{Name: "ssl_ca_file", Kind: String, Default: "", Context: Reload, Short: "Location of the SSL certificate authority file: clients and upstreams whose certificate it signed are trusted by name."},
	{Name: "ssl_cert_file", Kind: String, Default: "server.crt", Context: Reload, Short: "Location of the SSL server certificate file."},
	{Name: "ssl_key_file", Kind: String, Default: "server.key", Context: Reload, Short: "Location of the SSL server private key file."},
	{Name: "standard_conforming_strings", Kind: Bool, Default: "on", Context: Session, Check: literalBackslash, Short: "Accepted for clients; strings always treat backslashes literally."},
	{Name: "statement_timeout", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "0", Context: Session, Short: "Sets the maximum allowed duration of any statement."},
	{Name: "superuser_password_file", Kind: String, Default: "", Context: Reload, Short: "Location of the file with the superuser's password, plain or as a SCRAM-SHA-256 verifier."},
	{Name: "superuser_name", Kind: String, Default: "postgres", Context: Restart, Short: "Name of the role that the password belongs to."},
	{Name: "synchronous_commit", Kind: Enum, Values: []string{"local", "remote_write", "remote_apply", "on", "off"}, Default: "on", Context: Session, Short: "Sets the current transaction's synchronization level."},
	{Name: "synchronous_standby_names", Kind: String, Default: "", Context: Reload, Short: "Number of synchronous standbys and list of names of potential synchronous ones."},
	{Name: "TimeZone", Kind: String, Default: "UTC", Context: Session, Check: utc, Short: "Accepted for clients; times are printed in UTC."},
	{Name: "transaction_isolation", Kind: String, Default: "read committed", Context: Session, NotInFile: true, Short: "Sets the current transaction's isolation level."},
	{Name: "transaction_read_only", Kind: Bool, Default: "off", Context: Session, NotInFile: true, Short: "Sets the current transaction's read-only status."},
	{Name: "unix_socket_directories", Kind: String, Default: "", Context: Restart, Short: "Sets the directories where Unix-domain sockets will be created."},
	{Name: "wal_block_size", Kind: Int, Min: 8192, Max: 8192, Default: "8192", Context: Internal, Short: "Shows the block size in the write ahead log."},
	{Name: "wal_compression", Kind: Enum, Values: []string{"pglz", "lz4", "zstd", "on", "off"}, Default: "off", Context: Restart, Short: "Compresses full-page writes written in WAL with specified method."},
	{Name: "wal_consistency_checking", Kind: String, Default: "", Context: Restart, Short: "Sets the WAL resource managers for which WAL consistency checks are done; all is all of them."},
	{Name: "wal_init_zero", Kind: Bool, Default: "on", Context: Restart, Short: "Writes zeroes to new WAL files before first use."},
	{Name: "wal_keep_size", Kind: Int, Unit: Megabytes, Min: 0, Max: maxMB, Default: "0", Context: Restart, Short: "Sets the size of WAL files held for standby servers."},
	{Name: "wal_level", Kind: Enum, Values: []string{"minimal", "replica", "logical"}, Default: "logical", Context: Internal, Short: "Shows the level of information written to the WAL."},
	{Name: "wal_receiver_status_interval", Kind: Int, Unit: Seconds, Min: 0, Max: math.MaxInt32 / 1000, Default: "10s", Context: Reload, Short: "Sets the maximum interval between WAL receiver status reports to the sending server."},
	{Name: "wal_receiver_timeout", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "60s", Context: Reload, Short: "Sets the maximum wait time to receive data from the sending server."},
	{Name: "wal_recycle", Kind: Bool, Default: "on", Context: Restart, Short: "Recycles WAL files by renaming them."},
	{Name: "wal_retrieve_retry_interval", Kind: Int, Unit: Milliseconds, Min: 1, Max: math.MaxInt32, Default: "5s", Context: Reload, Short: "Sets the time to wait before retrying to retrieve WAL after a failed attempt."},
	{Name: "wal_segment_size", Kind: Int, Unit: Bytes, Min: 1 << 20, Max: 1 << 30, Default: "16777216", Context: Internal, Short: "Shows the size of write ahead log segments."},
	{Name: "wal_sender_timeout", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "60s", Context: Reload, Short: "Sets the maximum time to wait for WAL replication."},
	{Name: "wal_writer_delay", Kind: Int, Unit: Milliseconds, Min: 1, Max: 10000, Default: "200ms", Context: Reload, Short: "Time between WAL flushes performed in the WAL writer."},
	{Name: "write_probe_interval", Kind: Int, Unit: Milliseconds, Min: 0, Max: math.MaxInt32, Default: "5s", Context: Reload, Short: "Sets how often the write path is tried with a small write and fsync; 0 switches the probe off."},
	{Name: "write_probe_timeout", Kind: Int, Unit: Milliseconds, Min: 1, Max: math.MaxInt32, Default: "10s", Context: Reload, Short: "Sets after how long a probe of the write path counts as failed."},
}

// ServerVersion is the version of PostgreSQL whose tools must be able to talk to the node; they
// refuse another major version.
const (
	ServerVersion    = "15.18"
	ServerVersionNum = 150018
)

// List describes every setting, by name without regard to case.
func List() []Setting {
	all := slices.Clone(list)
	slices.SortFunc(all, func(a, b Setting) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return all
}

var byName = func() map[string]*Setting {
	m := make(map[string]*Setting, len(list))
	for i := range list {
		m[strings.ToLower(list[i].Name)] = &list[i]
	}
	return m
}()

// Lookup finds a setting without regard to case.
func Lookup(name string) (*Setting, bool) {
	s, ok := byName[strings.ToLower(name)]
	return s, ok
}
