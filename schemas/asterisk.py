"""The two layouts of Asterisk's Master.csv: which column stands where. Neither has a header line.

Times are `YYYY-MM-DD HH:MM:SS`, local without a zone (UTC with `usegmtime=yes`); durations are seconds; an empty
column is absent.
"""

#: cdr_csv, as the module writes it.
CDR_CSV = (
    "accountcode", "src", "dst", "dcontext", "clid", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer",
    "end", "duration", "billsec", "disposition", "amaflags",
)  # fmt: skip
#: Each follows if cdr.conf asks for it: `loguniqueid`, `loguserfield`.
CDR_CSV_LOGGED = ("uniqueid", "userfield")
#: Follow together if cdr.conf says `newcdrcolumns`.
CDR_CSV_NEW = ("peeraccount", "linkedid", "sequence")

#: cdr_custom, as its sample configuration maps it; the sequence since Asterisk 1.8.
CDR_CUSTOM = (
    "clid", "src", "dst", "dcontext", "channel", "dstchannel", "lastapp", "lastdata", "start", "answer", "end",
    "duration", "billsec", "disposition", "amaflags", "accountcode", "uniqueid", "userfield",
)  # fmt: skip
#: May follow, in this order: a mapping that is extended by linkedid groups the legs of a call.
CDR_CUSTOM_MORE = ("sequence", "linkedid")
