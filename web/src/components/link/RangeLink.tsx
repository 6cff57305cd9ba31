import { Link, type LinkProps } from 'react-router'
import { useHref, type Extra } from '../../app/urlState'
import styles from './RangeLink.module.css'

interface Props extends Omit<LinkProps, 'to'> {
  to: string
  extra?: Extra
}

/** A link inside the product: it takes the time range along. */
export function RangeLink({ to, extra, className, ...rest }: Props) {
  const href = useHref()
  return <Link className={className ?? styles.link} to={href(to, extra)} {...rest} />
}
