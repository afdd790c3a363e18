// The nonce that lets a widget bring styles of its own under the page's content security policy.

export function styleNonce(): string {
  return document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? "";
}
