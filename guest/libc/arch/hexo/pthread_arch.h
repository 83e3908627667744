/* SPDX-License-Identifier: Apache-2.0 */
/* No ISA's thread register is used: it would have to move with the VM. The
 * main thread is the only one, and its block is a plain portable object. */
extern hidden struct __pthread hexo_main_thread;

static inline uintptr_t __get_tp(void)
{
	return (uintptr_t)&hexo_main_thread;
}
