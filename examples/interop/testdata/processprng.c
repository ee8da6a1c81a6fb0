/*
 * ProcessPrng of bcryptprimitives.dll, which Go programs for Windows load and
 * Wine 8.0 lacks.
 */
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length)
{
	return RtlGenRandom(data, (ULONG)length);
}
