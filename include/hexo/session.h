/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection to a node carries once a VM runs there: the bytes of the
 * VM's channel (hexo/channel.h), numbered, so that a connection that breaks
 * can be replaced by another without a byte lost or seen twice.
 *
 * A session begins with HEXO_MSG_NODE_VM, answered by HEXO_MSG_NODE_SESSION;
 * a new connection goes on with it by HEXO_MSG_NODE_RESUME, answered by the
 * same. Both say how many bytes have been received so far. Frames follow,
 * either way; each tells how far the sender has received. Who sends keeps
 * what the other has not said to have, HEXO_SESSION_WINDOW bytes at most.
 *
 * END says that no byte follows the offset. It is answered by END, and then
 * the session is over. A node ends the VM when the home says END, or when
 * there was no connection for as long as the home said in NODE_VM.
 */
#ifndef HEXO_SESSION_H
#define HEXO_SESSION_H

#include <stdint.h>

#define HEXO_SESSION_MAGIC       0x31535848u /* "HXS1" */
#define HEXO_SESSION_VERSION     2
#define HEXO_SESSION_DATA        (64u << 10) /* payload bytes, at most */
#define HEXO_SESSION_WINDOW      (4u << 20)
#define HEXO_SESSION_TIMEOUT_MAX (7 * 24 * 3600u) /* seconds */

enum hexo_session_type {
	HEXO_SESSION_BYTES = 1, /* length bytes of the channel follow */
	HEXO_SESSION_ACK,       /* nothing but how far was received */
	HEXO_SESSION_END,       /* nothing comes after the offset */
};

struct hexo_session_head {
	uint32_t magic;
	uint16_t type;
	uint16_t version;
	uint32_t length;   /* of the payload; 0 but for BYTES */
	uint32_t signal;   /* END of a node: what killed its VM; else 0 */
	uint64_t offset;   /* in what the sender sends; ACK: 0 */
	uint64_t received; /* bytes, by the sender, of what the other sends */
};

_Static_assert(sizeof(struct hexo_session_head) == 32, "session format");

#endif
