import { describe, expect, it } from 'vitest'
import { nameParts, systemText, tailOf, targetName } from './names'

const backend = (name: string, system: string | null) => ({ kind: 'backend', name, system, type: 'DATABASE' })

describe('names of backends', () => {
  it('stand without the system and the machine, which are said beside them', () => {
    expect(nameParts(backend('mysql localhost:3306/shop (host-7)', 'mysql'))).toEqual({ name: 'localhost:3306/shop', host: 'host-7' })
    expect(systemText(backend('mysql localhost:3306/shop (host-7)', 'mysql'))).toBe('mysql on host-7')
    expect(nameParts({ kind: 'queue', name: 'rabbitmq orders', system: 'rabbitmq' })).toEqual({ name: 'orders', host: null })
  })

  it('keep brackets that are their own', () => {
    expect(nameParts({ kind: 'queue', name: 'kafka orders (old)', system: 'kafka' }).name).toBe('orders (old)')
  })

  it('are left alone when they are a tier’s or nothing but the system', () => {
    expect(nameParts({ kind: 'tier', name: 'python localhost (x)', system: 'python' }).name).toBe('python localhost (x)')
    expect(nameParts(backend('redis', 'redis')).name).toBe('redis')
    expect(systemText(backend('db1:5000', null))).toBe('database')
  })

  it('lose the system as the far end of an exit call too', () => {
    expect(targetName({ type: 'DATABASE', target: { kind: 'backend', name: 'mysql localhost:3306/shop (host-7)' } })).toBe('localhost:3306/shop')
    expect(targetName({ type: 'HTTP', target: { kind: 'tier', name: 'price service' } })).toBe('price service')
  })

  it('keep their last part when the middle is cut', () => {
    expect(tailOf('localhost:3306/shop')).toBe('/shop')
    expect(tailOf('db1.internal.example.net:5432')).toBe(':5432')
    expect(tailOf('service-10')).toBe('-10')
    expect(tailOf('orders')).toBe('')
    expect(tailOf('a-very-long-queue-name-without-parts')).toBe('-parts')
  })
})
