package config

// own is the category of settings that PostgreSQL has not.
const own = "Redoubt"

// Category is where PostgreSQL's documentation puts the setting (pg_settings.category).
func (s *Setting) Category() string {
	for category, names := range categories {
		for _, name := range names {
			if name == s.Name {
				return category
			}
		}
	}
	return own
}

var categories = map[string][]string{
	"Client Connection Defaults / Locale and Formatting": {"IntervalStyle", "TimeZone", "DateStyle", "extra_float_digits", "client_encoding"},
	"Client Connection Defaults / Statement Behavior": {
		"client_min_messages", "statement_timeout", "transaction_isolation", "lock_timeout", "transaction_read_only", "search_path",
		"idle_in_transaction_session_timeout", "default_transaction_isolation", "default_transaction_read_only",
	},
	"Connections and Authentication / Connection Settings": {"port", "unix_socket_directories", "max_connections", "listen_addresses"},
	"Connections and Authentication / SSL":                 {"ssl_key_file", "ssl", "ssl_ca_file", "ssl_cert_file"},
	"Developer Options":                                    {"wal_consistency_checking"},
	"File Locations":                                       {"data_directory"},
	"Preset Options": {
		"integer_datetimes", "wal_block_size", "data_directory_mode", "data_checksums", "block_size", "wal_segment_size", "server_version_num",
		"segment_size", "server_encoding", "server_version",
	},
	"Replication / Primary Server":  {"synchronous_standby_names"},
	"Replication / Sending Servers": {"wal_keep_size", "max_replication_slots", "max_slot_wal_keep_size", "max_wal_senders", "wal_sender_timeout"},
	"Replication / Standby Servers": {
		"hot_standby", "primary_slot_name", "wal_receiver_status_interval", "primary_conninfo", "wal_retrieve_retry_interval", "wal_receiver_timeout",
	},
	"Reporting and Logging / Process Title":                             {"cluster_name"},
	"Reporting and Logging / What to Log":                               {"application_name"},
	"Reporting and Logging / When to Log":                               {"log_min_messages"},
	"Resource Usage / Memory":                                           {"shared_buffers"},
	"Version and Platform Compatibility / Previous PostgreSQL Versions": {"standard_conforming_strings"},
	"Write-Ahead Log / Checkpoints":                                     {"checkpoint_timeout", "max_wal_size", "min_wal_size"},
	"Write-Ahead Log / Settings":                                        {"wal_writer_delay", "wal_compression", "synchronous_commit", "wal_level", "full_page_writes"},
}
