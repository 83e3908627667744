/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages between a job's home (`hexo run`) and the hexo-vm that runs the
 * job, over one stream socket per VM and node: a socketpair where both are
 * on one machine, otherwise a session (hexo/session.h) inside TLS. The same
 * framing carries the first requests to a hexod (HEXO_MSG_NODE_*).
 *
 * Little-endian. A receiver checks magic, type, length and checksum before
 * it acts; anything wrong ends the connection with a clear message.
 *
 * The home is the arbiter of a job: it alone decides which VM runs.
 *
 * Start:   home  START ------------> vm     boot block follows
 * Move:    home  PARK -------------> source (or a poll_target is reached)
 *          home <-- PARKED --------- source all frames captured
 *          home  RECEIVE ----------> target (a fresh hexo-vm)
 *          home  SHIP -------------> source
 *          home <-- STREAM... ------ source stream bytes, relayed to target
 *          home  STREAM... --------> target
 *          home <-- SHIPPED -------- source after its last STREAM
 *          home <-- COMMIT --------- target everything arrived and checked;
 *                                           it holds the VM, not yet running
 *          home  RUN --------------> target from now on the target is owner
 *          home <-- RUNNING -------- target it has rebuilt its frames
 *          home  RELEASE ----------> source exits 0
 *   Before it parks, a source that runs on may send its memory in rounds
 *   (pre-copy): the home says COPY, gets STREAM..., and COPIED when what is
 *   left can be sent in little time; then it says PARK, and SHIP is for the
 *   rest of the stream. COPY_STOP ends it early, answered by a COPIED of its
 *   own, after that of COPY. Each round but the last is told of by ROUND.
 *   To choose how to move, the home may ask before, by SIZE, how much there is
 *   to send; the answer is SIZED.
 *   Post-copy: SHIP asks the source to send what the target needs to run, up
 *   to the stream's LATER. The target commits there; the home says RUN, and
 *   the rest of the stream follows while it runs:
 *          home  NEED <------------- target a page that it waits for
 *          home  NEED -------------> source which sends that one next
 *          home  GOT <-------------- target how much of the stream has come
 *          home  GOT --------------> source which keeps little under way
 *          home <-- SHIPPED -------- source after its last STREAM
 *          home <-- WHOLE ---------- target all of it is there and checked
 *          home  RELEASE ----------> source
 *   The source is kept until then. If the target is lost, the source goes on
 *   if nothing was heard of the job's run there; a home takes that for what
 *   did not happen.
 *   A stream that goes to a file which is to grow: COPY or SHIP say KEEP, and
 *   at the place up to which the file will be kept, after all pages of the
 *   program and before the VM section that counts, comes
 *          home <-- KEPT ----------- source
 *   Later COPY or SHIP say MORE, and what follows is to stand behind that
 *   place: a ROUND with what differs from what the file has, and so on up to
 *   END. A VM that has no memory for that says no KEPT.
 *   On any failure before RUNNING arrives: the home closes the target's
 *   connection (a target whose connection closes exits without a trace) and
 *   sends RESUME to the source, which goes on. A target acts only after
 *   RUN, and all its effects pass the home: never two runners.
 * Files:   home <-- IO ------------- vm     done and answered in order
 *          home  IO_REPLY ---------> vm
 * End:     home <-- EXIT | FAULT --- vm
 *
 * Local volumes: at a node a process stands between a VM and its home, and
 * answers what is asked of volumes that each machine has itself. All else it
 * passes on, in order; what is said here stays between the home and it:
 *          home  LOCAL_OPEN -------> node    before the stream: files that
 *                                            are open there
 *          home <-- LOCAL_ASK ------ node    before the first request that it
 *                                            answers
 *          home  LOCAL_GRANT ------> node    the VM is the owner and runs
 *          home <-- LOCAL_STATE ---- node    before PARKED: the open files
 *          home  LOCAL_SYNC -------> node    before SHIP to a checkpoint
 *          home <-- LOCAL_SYNCED --- node
 *   What cannot be opened is an ERROR, as of a VM that failed. It answers
 *   nothing while the link to the home is broken.
 */
#ifndef HEXO_CHANNEL_H
#define HEXO_CHANNEL_H

#include <stdint.h>

#define HEXO_MSG_MAGIC   0x314d5848u /* "HXM1" */
#define HEXO_MSG_VERSION 5
#define HEXO_MSG_MAX     ((1u << 20) + 8192) /* payload bytes, at most */

struct hexo_msg_head {
	uint32_t magic;
	uint16_t type;
	uint16_t version;
	uint32_t length; /* of the payload that follows */
	uint32_t reserved;
	uint64_t checksum; /* XXH3 of the payload; the seed is the type */
};

_Static_assert(sizeof(struct hexo_msg_head) == 24, "channel format");

enum hexo_msg_type {
	/* home -> vm */
	HEXO_MSG_START = 1, /* struct hexo_msg_start, boot block */
	HEXO_MSG_PARK,      /* park at the next poll */
	HEXO_MSG_RECEIVE,   /* struct hexo_msg_start: a stream will follow */
	HEXO_MSG_SHIP,      /* struct hexo_msg_ship: send the stream of the
			       parked VM */
	HEXO_MSG_RESUME,    /* struct hexo_msg_poll: the parked VM goes on */
	HEXO_MSG_RUN,       /* struct hexo_msg_poll: the received VM runs */
	HEXO_MSG_RELEASE,   /* the moved VM's source exits */
	HEXO_MSG_IO_REPLY,  /* struct hexo_msg_io_reply, data */
	HEXO_MSG_KILL,      /* exit at once */
	HEXO_MSG_PROBE,     /* tell when the running guest comes to a poll */
	HEXO_MSG_COPY,      /* struct hexo_msg_copy: send memory in rounds */
	HEXO_MSG_COPY_STOP, /* no more; forget what was sent */
	HEXO_MSG_SIZE,      /* tell how much memory there is to send; not
			       between COPY and its COPIED */

	/* vm -> home */
	HEXO_MSG_HELLO = 32, /* struct hexo_msg_hello: first, unasked */
	HEXO_MSG_PARKED,     /* struct hexo_msg_usage */
	HEXO_MSG_SHIPPED,    /* struct hexo_msg_usage */
	HEXO_MSG_COMMIT,     /* struct hexo_msg_usage */
	HEXO_MSG_RUNNING,    /* struct hexo_msg_usage: after RUN or RESUME,
				once the guest has rebuilt its frames */
	HEXO_MSG_IO,         /* struct hexo_msg_io, data */
	HEXO_MSG_EXIT,       /* struct hexo_msg_usage; status says how */
	HEXO_MSG_FAULT,      /* struct hexo_msg_fault, then stack_len bytes of
				the native stack, then a text report */
	HEXO_MSG_LOG,        /* text, one line */
	HEXO_MSG_ERROR,      /* text: hexo-vm itself failed; it exits */
	HEXO_MSG_PROBED,     /* struct hexo_msg_probed: the answer */
	HEXO_MSG_COPIED,     /* struct hexo_msg_copied: the rounds are over */
	HEXO_MSG_WHOLE,      /* struct hexo_msg_whole: post-copy is over */
	HEXO_MSG_SIZED,      /* struct hexo_msg_sized: the answer to SIZE */
	HEXO_MSG_ROUND,      /* struct hexo_msg_copied: a round is over, another
				one follows */
	HEXO_MSG_KEPT,       /* no payload: the stream up to here is kept */

	/* both ways */
	HEXO_MSG_STREAM = 64, /* bytes of the migration stream */
	HEXO_MSG_NEED,        /* struct hexo_msg_need, target to source */
	HEXO_MSG_GOT,         /* struct hexo_msg_got, target to source */

	/* between a home and who serves local volumes at a node */
	HEXO_MSG_LOCAL_OPEN = 80, /* JSON text {"files", "cut"}: open these, as
				     in <hexo/checkpoint.h>; cut: back to the
				     size that they had, once the VM is to
				     run */
	HEXO_MSG_LOCAL_GRANT,     /* requests may be answered from now on */
	HEXO_MSG_LOCAL_SYNC,      /* have the disk hold all that was written */
	HEXO_MSG_LOCAL_ASK,       /* the first request is here */
	HEXO_MSG_LOCAL_STATE,     /* JSON text {"files"}, or {"error": text} if
				     they cannot be opened elsewhere */
	HEXO_MSG_LOCAL_SYNCED,    /* text: why not; none: it was done */

	/* client -> hexod, before a connection becomes a VM's channel */
	HEXO_MSG_NODE_INFO = 96, /* no payload; answered by the same type with
				    JSON text {"version","isa","cpus",
				    "memory","kvm","vms":[...]} */
	HEXO_MSG_NODE_IMAGE,     /* struct hexo_msg_image: is it cached?
				    answered by the same, size 0: no */
	HEXO_MSG_NODE_PUT,       /* struct hexo_msg_image, then DATA until size
				    bytes came; answered by NODE_IMAGE */
	HEXO_MSG_NODE_DATA,      /* bytes */
	HEXO_MSG_NODE_VM,        /* struct hexo_msg_vm, and if it has local
				    volumes a struct hexo_msg_volume for each
				    of its volumes: run hexo-vm with this
				    connection as its channel; answered by
				    NODE_SESSION, then frames of the session
				    carry the vm's HELLO (or ERROR) */
	HEXO_MSG_NODE_REFUSED,   /* text: why hexod refused */
	HEXO_MSG_NODE_RESUME,    /* struct hexo_msg_resume: go on with a session
				    whose connection broke */
	HEXO_MSG_NODE_SESSION,   /* struct hexo_msg_resume: its frames follow,
				    both ways */
	HEXO_MSG_NODE_SPEED,     /* any bytes; answered by the same type, empty:
				    how fast is the link? */
};

/* For START and RECEIVE; after START the boot block follows. */
struct hexo_msg_start {
	uint64_t poll_target; /* see struct hexo_control; 0: none */
	uint32_t poll_flag;   /* 1: raised for the whole run (counting) */
	uint32_t reserved;
};

struct hexo_msg_poll {
	uint64_t poll_target;
	uint32_t poll_flag;
	uint32_t reserved;
};

struct hexo_msg_hello {
	uint32_t version; /* HEXO_MSG_VERSION */
	uint32_t isa;     /* enum hexo_isa */
	uint32_t backend; /* 0 kvm, 1 process */
	uint32_t pid;
	uint64_t build_id[2];
	uint64_t layout_hash;
	uint32_t no_fetch; /* errno: why it cannot take post-copy in; 0: can */
	uint32_t reserved;
};

struct hexo_msg_usage {
	uint64_t status;      /* EXIT: as in hexo_hc_exit; else 0 */
	uint64_t polls;       /* portable progress counter */
	uint64_t cpu_ns;      /* CPU time of this hexo-vm in the guest */
	uint64_t step_ns;     /* PARKED: request (or target poll) to parked;
				 SHIPPED: sending; COMMIT: receiving and
				 checking; RUNNING: rebuilding the frames;
				 EXIT: process start to main */
	uint64_t bytes;       /* SHIPPED, COMMIT: of the stream */
	uint64_t plain;       /* SHIPPED: the same, had nothing been packed */
	uint64_t frames;      /* PARKED: captured */
	uint64_t peak_memory; /* peak resident bytes of hexo-vm */
	uint64_t own_memory;  /* resident bytes outside guest memory, now */
};

/* Whether the source packs pages that it sends. */
enum hexo_compress {
	HEXO_COMPRESS_NEVER, /* for a stream that is kept in a file, too */
	HEXO_COMPRESS_AUTO,  /* as long as that makes the stream faster */
	HEXO_COMPRESS_ALWAYS,
};

/* Where a stream goes to. */
enum hexo_keep {
	HEXO_KEEP_NONE, /* to a VM, or a file that does not grow */
	HEXO_KEEP_NEW,  /* to a new file that is to grow */
	HEXO_KEEP_MORE, /* behind what came before the last KEPT */
};

struct hexo_msg_copy {
	uint64_t downtime_ns; /* in which the rest is to be sent */
	uint64_t rate;        /* bytes a second, at most; 0: no limit */
	uint32_t compress;    /* enum hexo_compress: of the rest as well */
	uint32_t keep;        /* enum hexo_keep; SHIP of the rest agrees */
};

struct hexo_msg_ship {
	uint64_t rate;     /* post-copy: bytes a second, at most; 0: no limit */
	uint32_t later;    /* 1: post-copy */
	uint32_t compress; /* enum hexo_compress; without COPY before it */
	uint32_t keep;     /* enum hexo_keep */
	uint32_t reserved;
};

struct hexo_msg_need {
	uint64_t addr; /* of a page of the program */
};

struct hexo_msg_got {
	uint64_t bytes; /* of the stream, from its begin */
};

struct hexo_msg_whole {
	uint64_t faults; /* pages that the guest waited for */
	uint64_t bytes;  /* of the stream */
	uint64_t ns;     /* from COMMIT on */
};

struct hexo_msg_copied {
	uint64_t rounds; /* 0: so little that all of it is left */
	uint64_t bytes;  /* sent */
	uint64_t left;   /* bytes that have changed since they were sent */
	uint64_t ns;     /* what it took */
};

struct hexo_msg_sized {
	uint64_t bytes; /* of pages that hold anything, about */
};

/* From PROBE to the poll, or to the program's end. */
struct hexo_msg_probed {
	uint64_t wall_ns;
	uint64_t cpu_ns; /* of the thread that runs the guest */
};

/*
 * Where the guest was, for a trace of its calls. The registers have DWARF's
 * numbers for the VM's ISA, so that the home needs to know no ISA. After a
 * jump to what is no code they are those of the return to who jumped.
 */
#define HEXO_FAULT_REGISTERS 33
#define HEXO_FAULT_STACK     (64u << 10) /* bytes of stack, at most */

struct hexo_msg_fault {
	struct hexo_msg_usage usage;
	uint64_t pc;        /* where it happened */
	uint64_t start;     /* where the registers belong: pc, or the return */
	uint64_t stack;     /* address of the stack's bytes that follow */
	uint32_t stack_len; /* how many: the top of the stack */
	uint32_t registers; /* how many are known; 0: nothing but the text */
	uint64_t reg[HEXO_FAULT_REGISTERS];
};

struct hexo_msg_io {
	uint32_t op; /* enum hexo_io_op */
	uint32_t out_len;
	int64_t arg[4];
};

/* A bit of handles that local volumes gave, so that the home's and a node's are
 * never the same. Each kind counts from its first number on. */
#define HEXO_LOCAL_HANDLE 1024

struct hexo_msg_io_reply {
	int64_t result;
};

/* An ELF of an image, by content: XXH128 of the ELF file. */
struct hexo_msg_image {
	uint64_t hash[2];
	uint64_t size;
};

struct hexo_msg_vm {
	uint64_t hash[2]; /* of a cached ELF */
	uint64_t memory, stack;
	uint32_t backend;    /* 0 kvm, 1 process, 2 kvm if there is one */
	uint32_t timeout_s;  /* without a connection for so long: it ends */
	uint64_t session[2]; /* random, the home's choice */
	char name[64];       /* for listings; NUL-terminated, printable */
};

/* A volume of the VM, if any is local; then guest_len bytes, the path in the
 * guest, and host_len bytes, the directory of the node. */
struct hexo_msg_volume {
	uint16_t guest_len;
	uint16_t host_len; /* 0: the home serves it */
	uint32_t readonly;
};

_Static_assert(sizeof(struct hexo_msg_volume) == 8, "channel format");

struct hexo_msg_resume {
	uint64_t session[2];
	uint64_t received; /* bytes of the session, by who sends this */
};

_Static_assert(sizeof(struct hexo_msg_hello) == 48, "channel format");
_Static_assert(sizeof(struct hexo_msg_ship) == 24, "channel format");
_Static_assert(sizeof(struct hexo_msg_need) == 8, "channel format");
_Static_assert(sizeof(struct hexo_msg_got) == 8, "channel format");
_Static_assert(sizeof(struct hexo_msg_whole) == 24, "channel format");
_Static_assert(sizeof(struct hexo_msg_usage) == 72, "channel format");
_Static_assert(sizeof(struct hexo_msg_probed) == 16, "channel format");
_Static_assert(sizeof(struct hexo_msg_copy) == 24, "channel format");
_Static_assert(sizeof(struct hexo_msg_copied) == 32, "channel format");
_Static_assert(sizeof(struct hexo_msg_sized) == 8, "channel format");
_Static_assert(sizeof(struct hexo_msg_fault) == 368, "channel format");
_Static_assert(sizeof(struct hexo_msg_io) == 40, "channel format");
_Static_assert(sizeof(struct hexo_msg_vm) == 120, "channel format");
_Static_assert(sizeof(struct hexo_msg_resume) == 24, "channel format");

#endif
