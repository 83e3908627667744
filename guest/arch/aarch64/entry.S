/* SPDX-License-Identifier: Apache-2.0 */
/* Entry of the VM, and starting over on an empty stack. */

	.text

/* The monitor has set the stack pointer to nstack_high. */
	.globl	_start
	.type	_start, @function
_start:
	.cfi_startproc
	.cfi_undefined x30
	mov	x29, xzr
	bl	native_start
	brk	#0
	.cfi_endproc
	.size	_start, . - _start

/* native_restart(sp, function) */
	.globl	native_restart
	.type	native_restart, @function
native_restart:
	.cfi_startproc
	.cfi_undefined x30
	mov	sp, x0
	mov	x29, xzr
	blr	x1
	brk	#0
	.cfi_endproc
	.size	native_restart, . - native_restart

	.section .note.GNU-stack, "", @progbits
