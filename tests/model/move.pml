/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a job moves (docs/protocol.md), for spin: its home, its VMs, the links
 * between them, and whatever may go wrong. One of MODE_STOP, MODE_PRE and
 * MODE_POST is defined; BUG_* each put one mistake in, which must be found.
 *
 * Sessions are taken for what include/hexo/session.h promises: bytes arrive in
 * order, once, or not at all. The job is a number: it makes WORK effects, one
 * after another, and ends. An effect carries its number, and the home's count
 * must agree: what a second runner, or one that was rolled back, has done
 * shows as a number that is not due.
 */
#ifndef WORK
#define WORK 2
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#ifndef MOVES
#define MOVES 1
#endif
#ifndef SAVES
#define SAVES 0
#endif
#ifndef RESOLVES
#define RESOLVES 0
#endif
#define SLOTS 3 /* VMs in all: each is started once */
#define ROOM  6
#define NO    9 /* no checkpoint */

mtype = { START, RECEIVE, SHIP, PARK, SIZE, COPY, COPY_STOP, RUN, RESUME,
	RELEASE, IO_REPLY, HELLO, PARKED, SIZED, COPIED, STREAM, SHIPPED,
	COMMIT, RUNS, IO, EXIT, NEED, GOT, WHOLE }

/* What a STREAM message brings; from STATE on, what was done so far. */
#define ROUND 1
#define LATER 2
#define PAGES 3
#define END   4
#define STATE 5

mtype = { V_NONE, V_NEW, V_RECEIVING, V_COMMITTED, V_RUNNING, V_PARKED,
	V_SHIPPED, V_RESUMING, V_GONE }
mtype = { STARTING, LOADING, RUNNING, CALLING, MEASURING, COPYING, CALMING,
	PARKING, WAITING, SHIPPING, SETTLING, SIGNED, ARRIVING, LANDING, FETCHING,
	RETURNING, HALTING, SAVING, SYNCING, ENDED }
mtype = { UP, BROKEN, CUT }
mtype = { NONE, DONE, SAVED, LOST, HOME_DIED }

chan down[SLOTS] = [ROOM] of { mtype, byte };
chan up[SLOTS] = [ROOM] of { mtype, byte };
mtype vm[SLOTS] = V_NONE;
mtype link[SLOTS] = UP;
bit open[SLOTS];      /* the home holds its end */
bit hung[SLOTS];      /* it does nothing more, and does not end */
bit bad[SLOTS];       /* it, or its link for good, has failed */
byte next = 0;        /* slot */
mtype st = ENDED;     /* of the home, or of the one that restored */
byte owner, target;
mtype outcome = NONE;
byte effects = 0;     /* that the job's files show */
byte saved = NO;      /* what the checkpoint on the disk has done */
bit locked = 0;       /* the job's name */
byte faults = FAULTS, breaks = 1, late = 1, moves = MOVES, aborts = 1,
	saves = SAVES, resolves = RESOLVES;
bit patient = 0;      /* the operator has said that the home is to wait */

#define is_up(i)    (vm[i] != V_NONE && vm[i] != V_GONE)
#define is_live(i)  (is_up(i) && !hung[i])
#define runs(i)     (open[i] && (vm[i] == V_RUNNING || vm[i] == V_RESUMING))
/* Its channel is closed, seen from the VM: by END, when all that the home had
 * said is here or a message finds nobody, or by the node, after the time for
 * a link. */
#define is_closed(i) (link[i] == CUT || (!open[i] && link[i] == UP && \
		(empty(down[i]) || hung[i] || len(up[i]) >= ROOM - 2)))
#define one_runner  (runs(0) + runs(1) + runs(2) <= 1)

/* ---- hexo-vm ---- */

inline vm_copied()
{
	copying = 0;
	up[i] ! COPIED, 0;
}

inline vm_stream(v)
{
	if
	:: v >= STATE -> did = v - STATE
	:: v == LATER -> partial = 1; vm[i] = V_COMMITTED; up[i] ! COMMIT, 0
	:: v == END && !partial -> vm[i] = V_COMMITTED; up[i] ! COMMIT, 0
	:: v == END && partial -> partial = 0; waits = 0; up[i] ! WHOLE, 0
	:: v == PAGES -> assert(partial); waits = 0; up[i] ! GOT, 0
	:: v == ROUND -> skip
	fi
}

inline vm_order(m, v)
{
	if
	:: m == START -> assert(vm[i] == V_NEW); vm[i] = V_RUNNING
	:: m == RECEIVE -> assert(vm[i] == V_NEW); vm[i] = V_RECEIVING
	:: m == STREAM -> vm_stream(v)
	:: m == RUN ->
		assert(vm[i] == V_COMMITTED); vm[i] = V_RESUMING;
		assert(one_runner)
	:: m == PARK -> park = 1
	:: m == SHIP ->
		assert(vm[i] == V_PARKED || vm[i] == V_SHIPPED);
		if
		:: copying -> vm_copied()
		:: else
		fi;
		vm[i] = V_SHIPPED; part = 1; later = v
	:: m == RESUME ->
		assert(vm[i] == V_PARKED || vm[i] == V_SHIPPED);
		if
		:: copying -> vm_copied()
		:: else
		fi;
		vm[i] = V_RESUMING; part = 0; park = 0;
		assert(one_runner)
	:: m == RELEASE -> assert(vm[i] == V_SHIPPED); vm[i] = V_GONE
	:: m == SIZE -> up[i] ! SIZED, 0
	:: m == COPY -> copying = 2
	:: m == COPY_STOP ->
		if
		:: copying ->
			vm_copied();
#ifndef BUG_ONE_COPIED
			up[i] ! COPIED, 0
#endif
		:: else -> up[i] ! COPIED, 0
		fi
	:: m == NEED -> skip
	:: m == GOT -> credit++
	:: m == IO_REPLY -> assert(busy); busy = 0; did++
	fi
}

proctype VM(byte i)
{
	mtype m;
	byte v, did = 0;
	byte part = 0;    /* of the stream, that comes next */
	byte pages = 2, credit = 0;
	byte copying = 0; /* 2: a round is to come, 1: COPIED is */
	bit busy = 0, park = 0, later = 0, partial = 0, waits = 0, asked = 0;

	atomic { vm[i] = V_NEW; up[i] ! HELLO, 0 };
end:	do
	:: atomic { vm[i] == V_GONE -> break }
	:: atomic { is_up(i) && is_closed(i) -> vm[i] = V_GONE; break }
	:: atomic {
		is_live(i) && link[i] == UP && nempty(down[i]) &&
		len(up[i]) < ROOM - 2 && (part == 0 || part == 3) ->
			down[i] ? m, v;
			vm_order(m, v)
	}
	/* the rounds */
	:: atomic {
		is_live(i) && copying && nfull(up[i]) && part == 0 ->
			if
			:: copying == 2 -> copying = 1; up[i] ! STREAM, ROUND
			:: copying == 1 -> vm_copied()
			fi
	}
	/* the guest */
	:: atomic {
		is_live(i) && vm[i] == V_RESUMING && nfull(up[i]) ->
			vm[i] = V_RUNNING; up[i] ! RUNS, 0
	}
	:: atomic {
		is_live(i) && vm[i] == V_RUNNING && !busy && !waits &&
		nfull(up[i]) ->
			if
			:: park -> vm[i] = V_PARKED; up[i] ! PARKED, did
			:: did < WORK -> busy = 1; up[i] ! IO, did
			:: did == WORK -> up[i] ! EXIT, did; vm[i] = V_GONE
			:: partial && !asked ->
				asked = 1; waits = 1; up[i] ! NEED, 0
			fi
	}
	/* the stream */
	:: atomic {
		is_live(i) && part && nfull(up[i]) &&
		(part != 3 || credit || !pages) ->
			if
			:: part == 1 && !later ->
				part = 4; up[i] ! STREAM, STATE + did
			:: part == 1 && later ->
				part = 2; up[i] ! STREAM, STATE + did
			:: part == 2 ->
				part = 3; credit = 1; pages = 2;
				up[i] ! STREAM, LATER
			:: part == 3 && pages ->
				pages--; credit--; up[i] ! STREAM, PAGES
			:: part == 3 && !pages -> part = 5; up[i] ! STREAM, END
			:: part == 4 -> part = 5; up[i] ! STREAM, END
			:: part == 5 -> part = 0; up[i] ! SHIPPED, 0
			fi
	}
	od
}

/* ---- the home ---- */

#define TELL(i, m, v) \
	if \
	:: open[i] && is_up(i) -> assert(nfull(down[i])); down[i] ! m, v \
	:: else \
	fi

inline launch(i)
{
	i = next;
	next++;
	open[i] = 1;
	run VM(i)
}

inline retire(i)
{
	open[i] = 0
}

inline swap()
{
	x = owner; owner = target; target = x
}

/* Only what docs/protocol.md names may cost the job. */
inline lost(named)
{
	assert(named);
	retire(owner);
	retire(target);
	st = ENDED;
	outcome = LOST
}

inline give_up()
{
	retire(target);
	moving = 0;
	patient = 0
}

inline resume()
{
	TELL(owner, RESUME, 0);
	st = RETURNING
}

inline go_back()
{
	if
	:: open[owner] -> give_up(); resume()
	:: else -> lost(bad[owner] && (bad[target] || slow))
	fi
}

/* The target has become the owner, and is lost. */
inline back()
{
	if
	:: moving && open[target] ->
		swap(); give_up();
		resume()
	:: else -> lost((bad[owner] || slow) && (!moving || bad[target]))
	fi
}

/* The target is there, and how much there is to send is known. */
inline begin()
{
#ifdef MODE_PRE
	receiving = 1; TELL(target, RECEIVE, 0);
	TELL(owner, COPY, 0); due++; st = COPYING
#else
	TELL(owner, PARK, 0); st = PARKING
#endif
}

inline copy_off()
{
	TELL(owner, COPY_STOP, 0);
	due++;
	give_up();
	st = CALMING
}

inline ship()
{
	if
	:: !receiving -> receiving = 1; TELL(target, RECEIVE, 0)
	:: else
	fi;
#ifdef MODE_POST
	TELL(owner, SHIP, 1);
#else
	TELL(owner, SHIP, 0);
#endif
	st = SHIPPING
}

inline switch_to(state)
{
	swap();
	TELL(owner, RUN, 0);
#ifdef BUG_RELEASE_BEFORE_RUNNING
	TELL(target, RELEASE, 0);
	retire(target);
#endif
	st = state
}

inline whole_now()
{
	if
	:: whole && st != LANDING && (sent || !open[target]) ->
		TELL(target, RELEASE, 0);
		give_up();
		st = RUNNING
	:: else
	fi
}

/* What the target of a post-copy has yet to answer. */
inline note_under(v)
{
	if
	:: v == PAGES -> under++
	:: v == END -> under++ /* by WHOLE */
	:: else
	fi
}

inline copied()
{
	assert(due > 0);
	due--
}

inline from_owner(m, v)
{
	if
	:: m == HELLO && st == STARTING ->
		if
		:: restores ->
			TELL(owner, RECEIVE, 0);
			TELL(owner, STREAM, STATE + saved);
			TELL(owner, STREAM, END);
			st = LOADING
		:: else -> TELL(owner, START, 0); st = RUNNING
		fi
	:: m == COMMIT && st == LOADING ->
		effects = saved; /* the files are cut back to it */
		TELL(owner, RUN, 0);
		st = ARRIVING
	:: m == IO ->
		assert(st == RUNNING || st == CALLING || st == MEASURING ||
			st == COPYING || st == CALMING || st == PARKING || st == RETURNING ||
			st == HALTING || st == FETCHING);
		assert(v == effects); /* of the one run that counts */
		effects++;
		served = 1;
		TELL(owner, IO_REPLY, 0)
	:: m == EXIT ->
		assert(v == effects && v == WORK);
		retire(owner); retire(target);
		saved = NO;
		st = ENDED; outcome = DONE
	:: m == PARKED ->
		if
		:: st == RUNNING || st == CALMING -> resume()
		:: st == CALLING -> st = WAITING
		:: st == MEASURING || st == COPYING || st == PARKING -> ship()
		:: st == HALTING ->
			copy = v; TELL(owner, SHIP, 0); st = SAVING
		:: else -> assert(false)
		fi
	:: m == SIZED ->
		sized = 1;
		if
		:: st == MEASURING -> begin()
		:: else
		fi
	:: m == COPIED ->
		copied();
		if
		:: st == COPYING -> TELL(owner, PARK, 0); st = PARKING
		:: st == CALMING && !due -> st = RUNNING
#ifdef BUG_ONE_COPIED
		:: st == CALMING && due -> due = 0; st = RUNNING
#endif
		:: st == CALMING && due -> skip
		:: st == SHIPPING || st == RETURNING -> skip
		:: else -> assert(false)
		fi
	:: m == STREAM ->
		if
		:: st == COPYING || st == SHIPPING ->
			note_under(v);
			TELL(target, STREAM, v)
		:: st == CALMING || st == RETURNING || st == SAVING -> skip
		:: else -> assert(false)
		fi
	:: m == SHIPPED ->
		if
#ifdef MODE_POST
		:: st == SHIPPING && moving -> sent = 1
#else
		:: st == SHIPPING -> st = SETTLING
		:: st == SIGNED -> switch_to(ARRIVING)
#endif
		:: st == RETURNING -> skip
		:: st == SAVING && leave -> syncing = 1; resume()
		:: st == SAVING && !leave -> syncing = 1; st = SYNCING
		:: else -> assert(false)
		fi
	:: m == RUNS ->
		if
		:: st == RETURNING || st == RUNNING -> st = RUNNING
		:: st == ARRIVING ->
			if
			:: moving -> TELL(target, RELEASE, 0); give_up()
			:: else
			fi;
			st = RUNNING
		:: st == LANDING -> served = 0; st = FETCHING; whole_now()
		:: else -> assert(false)
		fi
	:: m == NEED || m == GOT ->
		assert(st == LANDING || st == FETCHING);
		if
		:: m == GOT -> under--
		:: else
		fi;
		TELL(target, m, 0)
	:: m == WHOLE ->
		assert(st == LANDING || st == FETCHING);
		whole = 1; whole_now()
	:: else -> assert(false)
	fi
}

inline from_target(m, v)
{
	if
	:: m == HELLO && st == CALLING && sized -> begin()
	:: m == HELLO && st == CALLING && !sized -> st = MEASURING
	:: m == HELLO && st == WAITING -> ship()
	:: m == COMMIT && st == SHIPPING ->
#ifdef MODE_POST
		switch_to(LANDING)
#else
		st = SIGNED
#endif
	:: m == COMMIT && st == SETTLING -> switch_to(ARRIVING)
	:: m == GOT && st == SHIPPING -> under--; TELL(owner, GOT, 0)
	/* the source's, once the target is the owner */
	:: m == STREAM && (st == LANDING || st == FETCHING) ->
		note_under(v);
		TELL(owner, STREAM, v)
	:: m == SHIPPED && (st == LANDING || st == FETCHING) ->
		sent = 1; whole_now()
	:: else -> assert(false)
	fi
}

inline owner_lost()
{
	if
	:: st == SETTLING && open[target] -> retire(owner)
	:: st == SIGNED -> retire(owner); switch_to(ARRIVING)
	:: st == ARRIVING -> back()
	:: st == LANDING -> back()
	:: st == FETCHING ->
#ifdef BUG_ROLLBACK_AFTER_IO
		back()
#else
		if
		:: !served -> back()
		:: else -> lost(bad[owner] || slow)
		fi
#endif
	:: else -> lost(bad[owner])
	fi
}

inline target_lost()
{
	if
	:: st == CALLING -> give_up(); st = RUNNING
	:: st == MEASURING -> give_up(); st = RUNNING
	:: st == COPYING -> copy_off()
	:: st == PARKING && receiving -> copy_off()
	:: st == PARKING && !receiving -> give_up(); st = RUNNING
	:: st == WAITING || st == SHIPPING || st == SETTLING ||
		st == SIGNED -> go_back()
	:: st == ARRIVING -> retire(target)
	:: st == LANDING || st == FETCHING ->
		if
		:: sent || whole -> retire(target); whole_now()
		:: else -> lost(bad[target] || slow)
		fi
	:: else -> retire(target)
	fi
}

/* The keeper, or the channel's end, says that it is gone. */
#define is_lost(i) (open[i] && (link[i] == CUT || \
		(vm[i] == V_GONE && link[i] == UP && empty(up[i]))))
#define hears(i)   (open[i] && link[i] == UP && nempty(up[i]))
/* A time-out comes once when all are but slow, and surely where one hangs. */
#define is_late    (late || hung[owner] || (open[target] && hung[target]))

inline time_out()
{
	if
	:: hung[owner] || (open[target] && hung[target])
	:: else -> late--
	fi;
	slow = 1;
	if
	:: st == ARRIVING || st == LANDING -> owner_lost()
	:: st == FETCHING && (under || sent) -> owner_lost()
	:: st == FETCHING && !under && !sent -> target_lost()
	:: st == HALTING -> syncing = 0; st = RUNNING
	:: st == SAVING -> resume()
	:: st == CALLING || st == MEASURING || st == COPYING ||
		st == PARKING || st == WAITING || st == SHIPPING ||
		st == SETTLING || st == SIGNED -> target_lost()
	:: else -> lost(hung[owner]) /* STARTING LOADING CALMING RETURNING */
	fi
}

#ifdef BUG_FETCHING_FOREVER
#define fetch_time_out 0
#else
#define fetch_time_out (link[owner] == UP && \
		(!open[target] || link[target] == UP))
#endif
#define has_time_out (st != RUNNING && st != SYNCING && st != ENDED && \
		!patient && (st != FETCHING || fetch_time_out))
#define waits_for_owner (st == STARTING || st == LOADING || \
		st == CALMING || st == RETURNING)
#define awaits_owner (waits_for_owner || st == ARRIVING || st == LANDING)
#ifdef BUG_ABORT_ARRIVING
#define may_abort (moving && (st == CALLING || st == MEASURING || \
		st == COPYING || st == PARKING || st == WAITING || \
		st == SHIPPING || st == SETTLING || st == SIGNED || \
		st == ARRIVING))
#else
#define may_abort (moving && (st == CALLING || st == MEASURING || \
		st == COPYING || st == PARKING || st == WAITING || st == SHIPPING || \
		st == SETTLING || st == SIGNED) && ABORT_SOURCE)
#endif
#ifdef BUG_ABORT_ORPHAN
#define ABORT_SOURCE 1
#else
#define ABORT_SOURCE open[owner]
#endif

/* Where the source can go on though the target has become the owner. */
#ifdef BUG_RESOLVE_SERVED
#define nothing_heard 1
#else
#define nothing_heard !served
#endif
#define may_go_back (moving && open[target] && (st == ARRIVING || \
		st == LANDING || (st == FETCHING && nothing_heard)))

inline resolve_here()
{
#ifdef BUG_RESOLVE_UNFENCED
	swap();
	moving = 0;
	resume()
#else
	back()
#endif
}

proctype Home(bit restores)
{
	mtype m;
	byte v, x, due = 0, copy = NO, under = 0;
	bit moving = 0, receiving = 0, served = 0, sent = 0, whole = 0;
	bit leave = 0, syncing = 0, slow = 0, sized = 0;

	atomic {
		locked = 1; outcome = NONE; st = STARTING;
		launch(owner); target = owner
	};
end:	do
	:: atomic { st == ENDED -> break }
	:: atomic {
		st != ENDED && hears(owner) &&
		(target == owner || !open[target] ||
			len(down[target]) < ROOM - 2) ->
			up[owner] ? m, v;
			from_owner(m, v)
	}
	:: atomic {
		st != ENDED && target != owner && hears(target) &&
		len(down[owner]) < ROOM - 2 ->
			up[target] ? m, v;
			from_target(m, v)
	}
	:: atomic { st != ENDED && is_lost(owner) -> owner_lost() }
	:: atomic {
		st != ENDED && target != owner && is_lost(target) ->
			target_lost()
	}
	:: atomic {
		has_time_out && is_late &&
		!(awaits_owner && link[owner] == BROKEN) &&
		(!waits_for_owner || hung[owner]) -> time_out()
	}
	/* the operator */
	:: atomic {
		st == RUNNING && moves && next < SLOTS ->
			moves--;
			moving = 1; receiving = 0; sent = 0; whole = 0;
			served = 0; slow = 0; sized = 0; under = 0;
			TELL(owner, SIZE, 0);
			launch(target);
			st = CALLING
	}
	:: atomic {
		aborts && may_abort ->
			aborts--;
			target_lost()
	}
	:: atomic {
		resolves && may_go_back ->
			resolves--;
			resolve_here()
	}
	:: atomic {
		resolves && moving && st != ENDED ->
			resolves--;
			patient = 1
	}
	:: atomic {
		st == RUNNING && saves && !syncing ->
			saves--;
			if
			:: leave = 0
			:: leave = 1
			fi;
			TELL(owner, PARK, 0);
			st = HALTING
	}
#ifdef BUG_END_BEFORE_SYNC
	:: atomic {
		st == SYNCING && syncing ->
			retire(owner);
			if
			:: saved = copy
			:: skip
			fi;
			st = ENDED; outcome = SAVED
	}
#else
	:: atomic {
		syncing && st != ENDED ->
			syncing = 0;
			saved = copy;
			if
			:: st == SYNCING ->
				TELL(owner, RELEASE, 0);
				retire(owner);
				st = ENDED; outcome = SAVED
			:: else
			fi
	}
#endif
	/* The home dies, with what it has not told anybody. */
	:: atomic {
		faults && st != ENDED && !restores ->
			faults--;
			retire(owner); retire(target);
			st = ENDED; outcome = HOME_DIED
	}
	od;
	locked = 0
}

/* ---- what goes wrong, and who repairs it ---- */

#define may_fail(i) (faults && is_live(i) && st != ENDED)

inline fail(i)
{
	faults--;
	bad[i] = 1;
	if
	:: vm[i] = V_GONE /* what it said still arrives */
	:: link[i] = CUT  /* nor is its node seen again */
	:: hung[i] = 1
	fi
}

active proctype Fate()
{
end:	do
	:: atomic { may_fail(0) -> fail(0) }
	:: atomic { may_fail(1) -> fail(1) }
	:: atomic { may_fail(2) -> fail(2) }
	:: atomic {
		breaks && st != ENDED ->
			breaks--;
			if
			:: is_up(0) && link[0] == UP -> link[0] = BROKEN
			:: is_up(1) && link[1] == UP -> link[1] = BROKEN
			:: is_up(2) && link[2] == UP -> link[2] = BROKEN
			:: else
			fi
	}
	:: atomic { link[0] == BROKEN -> link[0] = UP }
	:: atomic { link[1] == BROKEN -> link[1] = UP }
	:: atomic { link[2] == BROKEN -> link[2] = UP }
	od
}

/* Restores what its home, or its VM, was lost of, or was stopped for it. */
active proctype Operator()
{
	run Home(0);
end:	atomic {
#ifdef BUG_NO_LOCK
		saved != NO && next < SLOTS && st == RUNNING -> run Home(1)
#else
		saved != NO && !locked && next < SLOTS && outcome != NONE &&
		outcome != DONE -> run Home(1)
#endif
	}
}

/* A VM that runs, and is silent, is what the home has no time for; nor one
 * that it was told to wait for. */
#define unwatched ((st == RUNNING || patient) && \
		(hung[owner] || hung[target]))
#define settled (outcome == DONE || outcome == LOST || \
		outcome == HOME_DIED || (outcome == SAVED && saved != NO))

/* When nothing can happen any more. */
active proctype Check()
{
end:	timeout ->
		assert(settled || unwatched);
		assert(outcome == NONE || !is_up(0));
		assert(outcome == NONE || !is_up(1));
		assert(outcome == NONE || !is_up(2))
}

#ifdef LIVE
ltl settles { <> [] (settled || unwatched) }
#endif
