// Package limits knows how many peers each Windows edition lets in or out.
package limits
