export function browser(): string
